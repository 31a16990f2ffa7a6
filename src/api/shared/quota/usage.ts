import type { KubeObject } from '../../../machinery/meta/object.ts'
import { addQuantity, parseQuantity, type Quantity, quantityOf } from '../../../machinery/quantity/index.ts'
import { aggregateContainers } from '../../core/pod/pod-resources.ts'
import type { PersistentVolumeClaim, Pod, Service } from '../../types/core-v1.gen.ts'
import type { DeviceRequest, ResourceClaim } from '../../types/resource-v1.gen.ts'
import { storageClassOf } from '../storage-class.ts'

export type Usage = Readonly<Record<string, Quantity>>

const one = quantityOf(1)
const native: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage'])
const oldCountNames: ReadonlySet<string> = new Set([
  'configmaps',
  'secrets',
  'replicationcontrollers',
  'resourcequotas',
])

/** `count/pods`, `count/deployments.apps`: what counts objects of any kind. */
function countName({ group, plural }: { readonly group: string; readonly plural: string }): string {
  return group === '' ? `count/${plural}` : `count/${plural}.${group}`
}

/** What one object takes of the quotas of its namespace (pkg/quota/v1/evaluator). */
export function usageOf(
  resource: { readonly group: string; readonly plural: string },
  object: KubeObject,
  nowMs: number,
): Usage {
  const counted = { [countName(resource)]: one }
  if (resource.group === 'resource.k8s.io' && resource.plural === 'resourceclaims')
    return { ...counted, ...deviceUsage(object as ResourceClaim) }
  if (resource.group !== '') return counted
  if (resource.plural === 'pods') return { ...counted, ...podUsage(object as Pod, nowMs) }
  if (resource.plural === 'services') return { ...counted, ...serviceUsage(object as Service) }
  if (resource.plural === 'persistentvolumeclaims')
    return { ...counted, ...claimUsage(object as PersistentVolumeClaim) }
  return oldCountNames.has(resource.plural) ? { ...counted, [resource.plural]: one } : counted
}

function podUsage({ metadata, spec, status }: Pod, nowMs: number): Usage {
  const ended = status?.phase === 'Failed' || status?.phase === 'Succeeded'
  const graceMs = (metadata.deletionGracePeriodSeconds ?? 0) * 1000
  const stuck =
    metadata.deletionTimestamp !== undefined && nowMs > Date.parse(metadata.deletionTimestamp) + graceMs
  if (ended || stuck || !spec) return {}
  const level = (side: 'requests' | 'limits') => quantities(spec.resources?.[side])
  const requests = addLists(
    { ...aggregateContainers(spec, 'requests'), ...level('requests') },
    quantities(spec.overhead),
  )
  const limits = { ...aggregateContainers(spec, 'limits'), ...level('limits') }
  return { pods: one, ...computeUsage(requests, limits) }
}

/** Requests count under their plain and their `requests.` name, limits under `limits.`. */
export function computeUsage(requests: Usage, limits: Usage): Usage {
  const usage: Record<string, Quantity> = {}
  for (const [name, amount] of Object.entries(requests)) {
    const huge = name.startsWith('hugepages-')
    if (native.has(name) || huge) usage[name] = amount
    if (native.has(name) || huge || name.includes('/')) usage[`requests.${name}`] = amount
  }
  for (const [name, amount] of Object.entries(limits)) if (native.has(name)) usage[`limits.${name}`] = amount
  return usage
}

function serviceUsage({ spec }: Service): Usage {
  const ports = spec?.ports ?? []
  const balanced = spec?.type === 'LoadBalancer'
  const explicit = balanced && spec.allocateLoadBalancerNodePorts === false
  const nodePorts = explicit ? ports.filter(port => port.nodePort) : ports
  const exposed = balanced || spec?.type === 'NodePort'
  return {
    services: one,
    'services.loadbalancers': quantityOf(balanced ? 1 : 0),
    'services.nodeports': quantityOf(exposed ? nodePorts.length : 0),
  }
}

function claimUsage(claim: PersistentVolumeClaim): Usage {
  const size = claim.status?.allocatedResources?.storage ?? claim.spec?.resources?.requests?.storage
  const requested = size === undefined ? undefined : parseQuantity(size)
  const plain = { persistentvolumeclaims: one, ...(requested && { 'requests.storage': requested }) }
  const storageClass = storageClassOf(claim)
  if (!storageClass) return plain
  const byClass = Object.entries(plain).map(([name, amount]) => [
    `${storageClass}.storageclass.storage.k8s.io/${name}`,
    amount,
  ])
  return { ...plain, ...Object.fromEntries(byClass) }
}

/** As many devices as a request for all of them may get (resource/v1 AllocationResultsMaxSize). */
const devicesMax = 32

/** Devices by their class; of several choices each class counts with its largest (evaluator/core resource_claims.go). */
function deviceUsage({ spec }: ResourceClaim): Usage {
  return (spec?.devices?.requests ?? []).map(devicesOf).reduce<Usage>(addLists, {})
}

type DeviceChoice = NonNullable<DeviceRequest['exactly']>

function devicesOf(request: DeviceRequest): Usage {
  // An older version has the only choice in the request itself.
  const choices: readonly Partial<DeviceChoice>[] = request.firstAvailable ?? [
    request.exactly ?? (request as Partial<DeviceChoice>),
  ]
  const counts: Record<string, number> = {}
  for (const { deviceClassName, allocationMode, count = 1 } of choices) {
    if (!deviceClassName) continue
    const name = `${deviceClassName}.deviceclass.resource.k8s.io/devices`
    counts[name] = Math.max(counts[name] ?? 0, allocationMode === 'All' ? devicesMax : count)
  }
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, quantityOf(count)]))
}

/** The sum of two lists. */
export function addLists(a: Usage, b: Usage): Usage {
  const sum: Record<string, Quantity> = { ...a }
  for (const [name, amount] of Object.entries(b))
    sum[name] = sum[name] ? addQuantity(sum[name], amount) : amount
  return sum
}

function quantities(list: Readonly<Record<string, string>> | undefined): Usage {
  return Object.fromEntries(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]))
}
