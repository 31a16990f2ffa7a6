import { nameIsDns1035Label } from '../../machinery/meta/names.ts'
import { formatLabels, none, unknown } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import { balancerWarnings } from '../shared/balancer-warnings.ts'
import type { Service } from '../types/core-v1.gen.ts'
import {
  keepAllocated,
  normalizeClusterIps,
  releaseUnneeded,
  setServiceDefaults,
} from './service/defaults.ts'
import { validateService } from './service/validate.ts'
import { validateServiceStatus } from './service/validate-status.ts'
import { validateServiceUpdate } from './service/validate-update.ts'
import { serviceWarnings } from './service/warnings.ts'

/** What `EXTERNAL-IP` shows, by type. */
function externalIp({ spec, status }: Service): string {
  const { type, externalIPs = [], externalName = '' } = spec ?? {}
  if (type === 'ClusterIP' || type === 'NodePort') return externalIPs.join(',') || none
  if (type === 'ExternalName') return externalName
  if (type !== 'LoadBalancer') return unknown
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '')
  const balancers = [...new Set(ingress.filter(Boolean))].toSorted()
  return [...balancers, ...externalIPs].join(',') || '<pending>'
}

function portsText({ spec }: Service): string {
  const ports = spec?.ports ?? []
  return (
    ports
      .map(({ port, nodePort, protocol }) => `${nodePort ? `${port}:${nodePort}` : port}/${protocol}`)
      .join(',') || none
  )
}

export const services = defineResource<Service>('v1', 'Service', {
  strategy: {
    returnsDeletedObject: true,
    validateName: nameIsDns1035Label,
    setDefaults: setServiceDefaults,
    prepareForCreate: service => normalizeClusterIps(service, undefined),
    prepareForUpdate(service, old) {
      keepAllocated(service, old)
      normalizeClusterIps(service, old)
      releaseUnneeded(service, old)
    },
    allocator: 'services',
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    warnings: serviceWarnings,
    allowCreateOnUpdate: true,
  },
  initialStatus: () => ({ loadBalancer: {} }),
  subresources: { status: { strategy: { validate: validateServiceStatus, warnings: balancerWarnings } } },
  cells: {
    Type: ({ spec }) => spec?.type ?? '',
    'Cluster-IP': ({ spec }) => spec?.clusterIPs?.[0] ?? none,
    'External-IP': externalIp,
    'Port(s)': portsText,
    Selector: ({ spec }) => formatLabels(spec?.selector),
  },
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec?.clusterIP ?? '',
    'spec.type': ({ spec }) => spec?.type ?? '',
  },
})
