/** What a pod asks for as a whole (component-helpers/resource, pkg/apis/core/v1/helper/qos). */
import { findCondition } from '../../../machinery/meta/conditions.ts'
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  isZeroQuantity,
  parseQuantities,
  type Quantity,
  zeroQuantity,
} from '../../../machinery/quantity/index.ts'
import type { Container, ContainerStatus, Pod, PodSpec } from '../../types/core-v1.gen.ts'

type ResourceList = Record<string, Quantity>
type Side = 'requests' | 'limits'
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const computeResources = ['cpu', 'memory'] as const

/**
 * Requests (or limits) of all containers: the sum of app containers and sidecars, or what the init containers
 * need at their peak where that is more. Without pod-level resources and overhead. `lasting` says what those that
 * run for good ask for, where that is not what the spec says.
 */
export function aggregateContainers(spec: PodSpec, side: Side, lasting = listOf): ResourceList {
  const total: ResourceList = {}
  for (const container of spec.containers) addTo(total, lasting(container, side))
  const sidecars: ResourceList = {}
  const peak: ResourceList = {}
  for (const container of spec.initContainers ?? []) {
    const isLasting = container.restartPolicy === 'Always'
    const own = (isLasting ? lasting : listOf)(container, side)
    if (isLasting) {
      addTo(total, own)
      addTo(sidecars, own)
      maxTo(peak, sidecars)
    } else {
      const together = { ...own }
      addTo(together, sidecars)
      maxTo(peak, together)
    }
  }
  maxTo(total, peak)
  return total
}

function listOf(container: Container, side: Side): ResourceList {
  return parseQuantities(container.resources?.[side])
}

/**
 * What a pod holds of each resource, overhead and pod-level amounts (KEP-2837) included: while it is resized (KEP-1287)
 * the largest of what is wanted, allocated and in use (component-helpers PodRequests, PodLimits).
 */
export function heldResources(pod: Pod, side: Side): ResourceList {
  const { spec, status } = pod
  if (!spec) return {}
  const telling = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].filter(
    container => container.resources,
  )
  const statuses = new Map(telling.map(container => [container.name, container]))
  const lasting = (container: Container) => heldByContainer(pod, container, side, statuses)
  const held = aggregateContainers(spec, side, statuses.size === 0 ? undefined : lasting)
  const level = parseQuantities(spec.resources?.[side])
  for (const name in level) if (isPodLevelResource(name)) held[name] = level[name]!
  const overhead = parseQuantities(spec.overhead)
  if (side === 'requests') addTo(held, overhead)
  else
    for (const name in overhead)
      if (held[name] && !isZeroQuantity(held[name])) held[name] = addQuantity(held[name], overhead[name]!)
  return held
}

/** A resize that the node refused for good does not count (determineEffectiveRequests). */
function heldByContainer(
  { status }: Pod,
  container: Container,
  side: Side,
  statuses: ReadonlyMap<string, ContainerStatus>,
): ResourceList {
  const known = statuses.get(container.name)
  if (!known) return listOf(container, side)
  const held = { ...parseQuantities(known.resources?.[side]) }
  if (side === 'requests') maxTo(held, parseQuantities(known.allocatedResources))
  const pending = findCondition(status?.conditions, 'PodResizePending')
  if (pending?.reason !== 'Infeasible') maxTo(held, listOf(container, side))
  return held
}

function addTo(total: ResourceList, list: ResourceList): void {
  for (const name in list) total[name] = total[name] ? addQuantity(total[name], list[name]!) : list[name]!
}

function maxTo(total: ResourceList, list: ResourceList): void {
  for (const name in list) {
    if (!total[name] || compareQuantity(list[name]!, total[name]) > 0) total[name] = list[name]!
  }
}

/** Pod-level requests that the user left out: what the containers ask for, else the pod-level limit (KEP-2837). */
export function defaultPodLevelRequests(spec: PodSpec): void {
  const limits = spec.resources?.limits
  if (!limits || Object.keys(limits).length === 0) return
  const requests = { ...spec.resources!.requests }
  const aggregated = aggregateContainers(spec, 'requests')
  for (const name in aggregated) {
    if (isPodLevelResource(name) && !name.startsWith('hugepages-'))
      requests[name] ??= formatQuantity(aggregated[name]!)
  }
  for (const name in limits) if (isPodLevelResource(name)) requests[name] ??= limits[name]!
  if (Object.keys(requests).length > 0) spec.resources!.requests = requests
}

function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')
}

/** The quality of service class that upstream computes from cpu and memory (GetPodQOS). */
export function qosClass(spec: PodSpec): QosClass {
  const lists = spec.resources
    ? [spec.resources]
    : [...spec.containers, ...(spec.initContainers ?? [])].map(c => c.resources ?? {})
  const requests: ResourceList = {}
  const limits: ResourceList = {}
  let guaranteed = true
  for (const list of lists) {
    addTo(requests, positiveCompute(list.requests))
    const own = positiveCompute(list.limits)
    addTo(limits, own)
    if (computeResources.some(name => !own[name])) guaranteed = false
  }
  if (Object.keys(requests).length === 0 && Object.keys(limits).length === 0) return 'BestEffort'
  const equal = computeResources.every(name => {
    return compareQuantity(requests[name] ?? zeroQuantity, limits[name] ?? zeroQuantity) === 0
  })
  return guaranteed && equal && Object.keys(requests).length === Object.keys(limits).length
    ? 'Guaranteed'
    : 'Burstable'
}

function positiveCompute(list: Readonly<Record<string, string>> | undefined): ResourceList {
  const parsed = parseQuantities(list)
  return Object.fromEntries(
    computeResources.flatMap(name =>
      parsed[name] && !isZeroQuantity(parsed[name]) ? [[name, parsed[name]]] : [],
    ),
  )
}
