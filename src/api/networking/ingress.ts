import { none } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import { balancerWarnings } from '../shared/balancer-warnings.ts'
import type { Ingress } from '../types/networking-v1.gen.ts'
import { validateIngress, validateIngressStatus } from './ingress-validation.ts'

const hostsMax = 3

function hostsText({ spec }: Ingress): string {
  const rules = spec?.rules ?? []
  const hosts = rules.slice(0, hostsMax).flatMap(({ host }) => (host ? [host] : []))
  if (hosts.length === 0) return '*'
  return rules.length > hostsMax ? `${hosts.join(',')} + ${rules.length - hostsMax} more...` : hosts.join(',')
}

function addressText({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '')
  return [...new Set(addresses.filter(Boolean))].toSorted().join(',')
}

export const ingresses = defineResource<Ingress>('networking.k8s.io/v1', 'Ingress', {
  strategy: { validate: validateIngress, warnings: ingressWarnings, hasGeneration: true },
  initialStatus: () => ({ loadBalancer: {} }),
  subresources: { status: { strategy: { validate: validateIngressStatus, warnings: balancerWarnings } } },
  cells: {
    Class: ({ spec }) => spec?.ingressClassName ?? none,
    Hosts: hostsText,
    Address: addressText,
    Ports: ({ spec }) => (spec?.tls?.length ? '80, 443' : '80'),
  },
})

const classAnnotation = 'kubernetes.io/ingress.class'

/** Of a new one that names its class as it was done of old. */
function ingressWarnings({ metadata, spec }: Ingress, old: Ingress | undefined): readonly string[] {
  const isOld = metadata.annotations?.[classAnnotation] !== undefined && spec?.ingressClassName === undefined
  if (old || !isOld) return []
  return [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`]
}
