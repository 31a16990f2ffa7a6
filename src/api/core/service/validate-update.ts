import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type { Service, ServiceSpec } from '../../types/core-v1.gen.ts'
import { isHeadless, needsHealthCheckPort } from './defaults.ts'

/** A second address family may come and go; the first, once given, stays (validateUpgradeDowngradeClusterIPs). */
export function validateServiceUpdate(service: Service, old: Service, errors: FieldErrors): void {
  const spec = service.spec ?? {}
  const before = old.spec ?? {}
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    if (!(isHeadless(spec) && isHeadless(before))) validateStays(spec, before, 'clusterIPs', errors)
    if (!isHeadless(spec) && !isHeadless(before)) validateStays(spec, before, 'ipFamilies', errors)
  }
  if (
    before.type === 'LoadBalancer' &&
    spec.type === 'LoadBalancer' &&
    before.loadBalancerClass !== spec.loadBalancerClass
  ) {
    errors.invalid('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set')
  }
  if (
    needsHealthCheckPort(before) &&
    needsHealthCheckPort(spec) &&
    before.healthCheckNodePort !== spec.healthCheckNodePort
  ) {
    errors.forbidden('spec.healthCheckNodePort', 'field is immutable')
  }
}

type Family = 'clusterIPs' | 'ipFamilies'
const words = { clusterIPs: 'clusterIP', ipFamilies: 'ipFamily' } as const

function validateStays(spec: ServiceSpec, old: ServiceSpec, field: Family, errors: FieldErrors): void {
  const now = spec[field] ?? []
  const before = old[field] ?? []
  const path = `spec.${field}`
  if (now.length === before.length) {
    before.forEach((value, i) => {
      if (value !== now[i])
        errors.invalid(`${path}[${field === 'clusterIPs' ? i : 0}]`, now, 'may not change once set')
    })
    return
  }
  if (now.length === 0) errors.invalid(`${path}[0]`, now, `primary ${words[field]} can not be unset`)
  else if (before.length > 0 && now[0] !== before[0]) {
    errors.invalid(`${path}[0]`, spec.clusterIPs ?? [], 'may not change once set')
  }
  if (before.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const detail = `must be set to 'SingleStack' when releasing the secondary ${words[field]}`
    errors.invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, detail)
  }
}
