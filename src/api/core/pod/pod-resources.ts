/** What a pod asks for as a whole (component-helpers/resource, pkg/apis/core/v1/helper/qos). */
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  isZeroQuantity,
  parseQuantities,
  type Quantity,
  zeroQuantity,
} from '../../../machinery/quantity/index.ts'
import type { Container, PodSpec } from '../../types/core-v1.gen.ts'

type ResourceList = Record<string, Quantity>
type Side = 'requests' | 'limits'
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const computeResources = ['cpu', 'memory'] as const

/**
 * Requests (or limits) of all containers: the sum of app containers and sidecars, or what the init containers
 * need at their peak where that is more. Without pod-level resources and overhead.
 */
export function aggregateContainers(spec: PodSpec, side: Side): ResourceList {
  const total: ResourceList = {}
  for (const container of spec.containers) addTo(total, listOf(container, side))
  const sidecars: ResourceList = {}
  const peak: ResourceList = {}
  for (const container of spec.initContainers ?? []) {
    const own = listOf(container, side)
    if (container.restartPolicy === 'Always') {
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
