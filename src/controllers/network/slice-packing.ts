import { serviceNameLabel } from '../../api/discovery/service-name.ts'
import type { Service } from '../../api/types/core-v1.gen.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import { services } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { controllerReference } from '../shared/owner.ts'
import { headlessLabel, isHeadless } from './service-pods.ts'
import { type EndpointGroup, endpointKey, portsKey } from './slice-endpoints.ts'

export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const managedByUs = 'endpointslice-controller.k8s.io'

/** kube-controller-manager --max-endpoints-per-slice. */
export const endpointsPerSliceMax = 100

export interface SliceChanges {
  readonly created: EndpointSlice[]
  readonly updated: EndpointSlice[]
  readonly deleted: EndpointSlice[]
}

/**
 * Fits endpoints into slices with few writes (endpointslice reconciler.go): slices keep what they have; new
 * endpoints go first into slices that change anyway, then into one that has just enough room, then into new ones.
 */
export function fillSlices(
  service: Service,
  type: string,
  groups: ReadonlyMap<string, EndpointGroup>,
  existing: readonly EndpointSlice[],
): SliceChanges {
  const changes: SliceChanges = { created: [], updated: [], deleted: [] }
  const byPorts = Map.groupBy(existing, ({ ports }) => portsKey(ports))
  for (const [key, group] of groups) fillGroup({ service, type, group }, byPorts.get(key) ?? [], changes)
  for (const [key, slices] of byPorts) if (!groups.has(key)) changes.deleted.push(...slices)
  return changes
}

interface Wanted {
  readonly service: Service
  readonly type: string
  readonly group: EndpointGroup
}

function fillGroup(wanted: Wanted, slices: readonly EndpointSlice[], changes: SliceChanges): void {
  const missing = new Map(wanted.group.endpoints)
  const updated: EndpointSlice[] = []
  const untouched: EndpointSlice[] = []
  for (const slice of slices) {
    const kept = takeKept(slice, missing)
    const labels = sliceLabels(wanted.service)
    const same = jsonEqual(kept, slice.endpoints)
    if (kept.length === 0 && slice.endpoints.length > 0) changes.deleted.push(slice)
    else if (same && jsonEqual(labels, slice.metadata.labels)) untouched.push(slice)
    else updated.push({ ...slice, endpoints: kept, metadata: { ...slice.metadata, labels } })
  }
  for (const slice of updated.toSorted((a, b) => b.endpoints.length - a.endpoints.length))
    topUp(slice, missing)
  while (missing.size > 0) {
    const roomy = missing.size < endpointsPerSliceMax ? tightestFit(untouched, missing.size) : undefined
    if (roomy) untouched.splice(untouched.indexOf(roomy), 1)
    const slice = roomy
      ? { ...roomy, endpoints: [...roomy.endpoints] }
      : newSlice(wanted.service, wanted.type, wanted.group.ports)
    topUp(slice, missing)
    ;(roomy ? updated : changes.created).push(slice)
  }
  changes.updated.push(...updated)
}

/** The endpoints of a slice that stay, in their wanted state; they are not missing any more. */
function takeKept(slice: EndpointSlice, missing: Map<string, Endpoint>): Endpoint[] {
  return slice.endpoints.flatMap(endpoint => {
    const key = endpointKey(endpoint)
    const wanted = missing.get(key)
    missing.delete(key)
    return wanted ? [wanted] : []
  })
}

function topUp(slice: EndpointSlice, missing: Map<string, Endpoint>): void {
  for (const [key, endpoint] of missing) {
    if (slice.endpoints.length >= endpointsPerSliceMax) return
    slice.endpoints.push(endpoint)
    missing.delete(key)
  }
}

function tightestFit(slices: readonly EndpointSlice[], count: number): EndpointSlice | undefined {
  const room = ({ endpoints }: EndpointSlice) => endpointsPerSliceMax - endpoints.length
  return slices.filter(slice => room(slice) >= count).toSorted((a, b) => room(a) - room(b))[0]
}

function newSlice(service: Service, addressType: string, ports: EndpointPort[]): EndpointSlice {
  const { name, namespace } = service.metadata
  const prefix = `${name}-`
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: nameIsDnsSubdomain(prefix, true).length === 0 ? prefix : name,
      namespace,
      labels: sliceLabels(service),
      ownerReferences: [controllerReference(services, service)],
    },
    addressType,
    endpoints: [],
    ports,
  }
}

export function placeholderSlice(service: Service, addressType: string): EndpointSlice {
  return newSlice(service, addressType, [])
}

/** Whether a slice is as good as this placeholder. */
export function isPlaceholder(slice: EndpointSlice, placeholder: EndpointSlice): boolean {
  return (
    slice.endpoints.length === 0 &&
    (slice.ports ?? []).length === 0 &&
    slice.addressType === placeholder.addressType &&
    jsonEqual(slice.metadata.labels, placeholder.metadata.labels)
  )
}

/** The service's labels, less those that are ours to set. */
function sliceLabels(service: Service): Record<string, string> {
  const {
    [serviceNameLabel]: _,
    [managedByLabel]: __,
    [headlessLabel]: ___,
    ...labels
  } = service.metadata.labels ?? {}
  const own = { [serviceNameLabel]: service.metadata.name!, [managedByLabel]: managedByUs }
  return isHeadless(service) ? { ...labels, ...own, [headlessLabel]: '' } : { ...labels, ...own }
}
