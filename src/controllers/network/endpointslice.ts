import type { Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { create, type Plan, remove, update } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import { endpointSlices, nodes, pods, services } from '../kinds.ts'
import {
  hasOwnEndpoints,
  isIpv6,
  sameForEndpoints,
  selectedPods,
  servicesOnNode,
  servicesSelecting,
  triggerTimeAnnotation,
  zoneLabel,
} from './service-pods.ts'
import { endpointGroups } from './slice-endpoints.ts'
import {
  fillSlices,
  isPlaceholder,
  managedByLabel,
  managedByUs,
  placeholderSlice,
  type SliceChanges,
} from './slice-packing.ts'

/** Keeps the EndpointSlices of every service that selects pods (upstream pkg/controller/endpointslice). */
export const endpointSliceController = defineController<Service>({
  name: 'endpointslice',
  identity: 'endpointslice-controller',
  eventSource: 'endpoint-slice-controller',
  primary: services,
  owns: [{ resource: endpointSlices }],
  watches: [
    watched(pods, servicesSelecting, sameForEndpoints),
    watched(
      nodes,
      servicesOnNode,
      (a, b) => a.metadata.labels?.[zoneLabel] === b.metadata.labels?.[zoneLabel],
    ),
  ],
  plan: planEndpointSlices,
})

export function planEndpointSlices(service: Service, view: View): Plan {
  if (!hasOwnEndpoints(service)) return []
  const existing = view
    .owned(endpointSlices)
    .filter(
      ({ metadata }) => metadata.labels?.[managedByLabel] === managedByUs && !metadata.deletionTimestamp,
    )
  const types = addressTypes(service)
  const outdated = existing
    .filter(({ addressType }) => !types.includes(addressType))
    .map(slice => remove(endpointSlices, slice))
  return [...types.flatMap(type => planAddressType({ service, existing, type }, view)), ...outdated]
}

interface Family {
  readonly service: Service
  readonly existing: readonly EndpointSlice[]
  readonly type: string
}

function planAddressType({ service, existing, type }: Family, view: View): Plan {
  const here = existing.filter(({ addressType }) => addressType === type)
  const groups = endpointGroups(service, selectedPods(service, view.store), {
    type,
    nodes: view.store(nodes),
  })
  const changes = fillSlices(service, type, groups, here)
  const left = here.length - changes.deleted.length + changes.created.length
  if (left === 0) keepPlaceholder(service, type, changes)
  reuseNames(changes)
  const stamp = stampFor(service, view, here.length === 0)
  return [
    ...(service.metadata.deletionTimestamp
      ? []
      : changes.created.map(slice => create(endpointSlices, stamp(slice)))),
    ...changes.updated.map(slice => update(endpointSlices, stamp(slice))),
    ...changes.deleted.map(slice => remove(endpointSlices, slice)),
  ]
}

/** A service without endpoints has one empty slice, which says that it is known. */
function keepPlaceholder(service: Service, type: string, { created, deleted }: SliceChanges): void {
  const placeholder = placeholderSlice(service, type)
  if (deleted.length === 1 && isPlaceholder(deleted[0]!, placeholder)) deleted.pop()
  else created.push(placeholder)
}

/** Instead of deleting one slice and creating another, the first gets the content of the second. */
function reuseNames({ created, updated, deleted }: SliceChanges): void {
  while (created.length > 0 && deleted.length > 0) {
    const { name, resourceVersion, uid } = deleted.shift()!.metadata
    const content = created.pop()!
    const { generateName: _, ...metadata } = content.metadata
    updated.push({ ...content, metadata: { ...metadata, name, resourceVersion, uid } })
  }
}

/**
 * Notes when that happened which this change answers: the service's creation for its first slice, else the
 * readiness change of the pods in it that came last.
 */
function stampFor(service: Service, view: View, first: boolean): (slice: EndpointSlice) => EndpointSlice {
  return slice => {
    const times = slice.endpoints.map(({ targetRef }) =>
      readyTransition(view, targetRef?.namespace, targetRef?.name),
    )
    const latest = times.reduce((a, b) => ((b ?? '') > (a ?? '') ? b : a), undefined)
    const time = first ? (service.metadata.creationTimestamp ?? undefined) : latest
    const { [triggerTimeAnnotation]: _, ...annotations } = slice.metadata.annotations ?? {}
    const stamped = time ? { ...annotations, [triggerTimeAnnotation]: time } : annotations
    return { ...slice, metadata: { ...slice.metadata, annotations: stamped } }
  }
}

function readyTransition(view: View, namespace: string | undefined, name = ''): string | undefined {
  const conditions = view.store(pods).get(namespace, name)?.status?.conditions
  return conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
}

/** One set of slices per IP family of the service. */
function addressTypes({ spec }: Service): readonly string[] {
  if (spec?.ipFamilies?.length) return spec.ipFamilies
  if (spec?.clusterIP && spec.clusterIP !== 'None') return [isIpv6(spec.clusterIP) ? 'IPv6' : 'IPv4']
  return ['IPv4', 'IPv6']
}
