import { dns1123SubdomainErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { ipFamily, validateIp } from '../../../machinery/validation/values.ts'
import type { LoadBalancerIngress, Service } from '../../types/core-v1.gen.ts'

const modes = ['Proxy', 'VIP']

/** What a load balancer reports (ValidateLoadBalancerStatus). */
export function validateServiceStatus({ spec, status }: Service, errors: FieldErrors): void {
  const ingress = status?.loadBalancer?.ingress ?? []
  const path = 'status.loadBalancer.ingress'
  if (spec?.type !== 'LoadBalancer' && ingress.length > 0)
    return errors.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")
  ingress.forEach((point, index) => {
    validateIngress(point, `${path}[${index}]`, errors)
  })
}

function validateIngress(point: LoadBalancerIngress, path: string, errors: FieldErrors): void {
  const { ip = '', ipMode, hostname = '' } = point
  if (ip) validateIp(ip, `${path}.ip`, errors)
  if (ipMode === undefined) {
    if (ip) errors.required(`${path}.ipMode`, 'must be specified when `ip` is set')
  } else if (!ip) errors.forbidden(`${path}.ipMode`, 'may not be specified when `ip` is not set')
  else if (!modes.includes(ipMode)) errors.notSupported(`${path}.ipMode`, ipMode, modes)
  if (!hostname) return
  invalidFor(errors, `${path}.hostname`, hostname, dns1123SubdomainErrors(hostname))
  if (ipFamily(hostname) !== 0)
    errors.invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address')
}
