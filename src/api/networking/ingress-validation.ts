/** Rules of Ingresses (pkg/apis/networking/validation). */
import { dns1035LabelErrors, dns1123SubdomainErrors, patternError } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { ipFamily, portNameErrors, validateIp, validatePort } from '../../machinery/validation/values.ts'
import type { HTTPIngressPath, Ingress, IngressBackend } from '../types/networking-v1.gen.ts'

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix']
const badSequences = ['//', '/./', '/../', '%2f', '%2F']
const badSuffixes = ['/..', '/.']
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const wildcard = `\\*\\.${label}(\\.${label})*`

/** Rules or a default backend, each with a host name, paths and a backend. */
export function validateIngress({ spec = {} }: Ingress, errors: FieldErrors): void {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec
  if (rules.length === 0 && !defaultBackend) {
    errors.invalid('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified')
  }
  if (defaultBackend) validateBackend(defaultBackend, 'spec.defaultBackend', errors)
  rules.forEach(({ host, http }, i) => {
    const path = `spec.rules[${i}]`
    if (host && ipFamily(host) !== 0)
      errors.invalid(`${path}.host`, host, 'must be a DNS name, not an IP address')
    if (host) validateHost(host, `${path}.host`, errors)
    if (!http) return
    if ((http.paths ?? []).length === 0) errors.required(`${path}.http.paths`)
    http.paths?.forEach((httpPath, j) => {
      validatePath(httpPath, `${path}.http.paths[${j}]`, errors)
    })
  })
  tls.forEach(({ hosts = [], secretName }, i) => {
    hosts.forEach((host, j) => {
      validateHost(host, `spec.tls[${i}].hosts[${j}]`, errors)
    })
    if (secretName)
      invalidFor(errors, `spec.tls[${i}].secretName`, secretName, dns1123SubdomainErrors(secretName))
  })
  if (ingressClassName !== undefined) {
    invalidFor(errors, 'spec.ingressClassName', ingressClassName, dns1123SubdomainErrors(ingressClassName))
  }
}

function validateHost(host: string, path: string, errors: FieldErrors): void {
  if (!host.includes('*')) return invalidFor(errors, path, host, dns1123SubdomainErrors(host))
  if (new RegExp(`^${wildcard}$`).test(host)) return
  const rule =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
  errors.invalid(path, host, patternError(rule, wildcard, '*.example.com'))
}

function validatePath(
  { path: value = '', pathType, backend }: HTTPIngressPath,
  path: string,
  errors: FieldErrors,
): void {
  if (pathType === undefined) return errors.required(`${path}.pathType`, 'pathType must be specified')
  if (!pathTypes.includes(pathType)) errors.notSupported(`${path}.pathType`, pathType, pathTypes)
  else if (!value.startsWith('/') && (value !== '' || pathType !== 'ImplementationSpecific')) {
    errors.invalid(`${path}.path`, value, 'must be an absolute path')
  }
  if (pathType === 'Exact' || pathType === 'Prefix') {
    for (const part of badSequences)
      if (value.includes(part)) errors.invalid(`${path}.path`, value, `must not contain '${part}'`)
    for (const part of badSuffixes)
      if (value.endsWith(part)) errors.invalid(`${path}.path`, value, `cannot end with '${part}'`)
  }
  validateBackend(backend ?? {}, `${path}.backend`, errors)
}

function validateBackend({ service, resource }: IngressBackend, path: string, errors: FieldErrors): void {
  if (service && resource) return errors.invalid(path, '', 'cannot set both resource and service backends')
  if (resource) {
    for (const field of ['kind', 'name'] as const)
      if (!resource[field]) errors.required(`${path}.resource.${field}`)
    return
  }
  if (!service) return errors.invalid(path, '', 'resource or service backend is required')
  if (!service.name) errors.required(`${path}.service.name`)
  else invalidFor(errors, `${path}.service.name`, service.name, dns1035LabelErrors(service.name))
  const { name, number } = service.port ?? {}
  if (name && number) errors.invalid(path, '', 'cannot set both port name & port number')
  else if (name) invalidFor(errors, `${path}.service.port.name`, name, portNameErrors(name))
  else if (number) validatePort(number, `${path}.service.port.number`, errors)
  else errors.required(path, 'port name or number is required')
}

/** What an ingress controller reports. */
export function validateIngressStatus({ status }: Ingress, errors: FieldErrors): void {
  status?.loadBalancer?.ingress?.forEach(({ ip, hostname }, i) => {
    const path = `status.loadBalancer.ingress[${i}]`
    if (ip) validateIp(ip, `${path}.ip`, errors)
    if (!hostname) return
    invalidFor(errors, `${path}.hostname`, hostname, dns1123SubdomainErrors(hostname))
    if (ipFamily(hostname) !== 0)
      errors.invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address')
  })
}
