import type { Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { create, type Plan, remove, update } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { endpointSlices, nodes, pods, services } from '../kinds.ts'
import { countSliceSync, EndpointTotals } from './endpoint-metrics.ts'
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
import { TriggerTimes } from './trigger-times.ts'

/** Keeps the EndpointSlices of every service that selects pods (upstream pkg/controller/endpointslice). */
export function endpointSliceController(): Worker {
  const triggers = new TriggerTimes()
  const totals = new EndpointTotals()
  return defineController<Service>({
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
    plan: (service, view) => planEndpointSlices(service, view, triggers, totals),
    synced: countSliceSync,
    gone(key) {
      triggers.forget(key)
      return [totals.forget(key)]
    },
  })
}

export function planEndpointSlices(
  service: Service,
  view: View,
  triggers = new TriggerTimes(),
  totals = new EndpointTotals(),
): Plan {
  if (!hasOwnEndpoints(service)) return []
  const existing = view
    .owned(endpointSlices)
    .filter(
      ({ metadata }) => metadata.labels?.[managedByLabel] === managedByUs && !metadata.deletionTimestamp,
    )
    // One without endpoints may be without the list too.
    .map(slice => (slice.endpoints ? slice : { ...slice, endpoints: [] }))
  const types = addressTypes(service)
  const outdated = existing
    .filter(({ addressType }) => !types.includes(addressType))
    .map(slice => remove(endpointSlices, slice))
  const trigger = triggers.next(service, selectedPods(service, view.store))
  return [
    ...types.flatMap(type => planAddressType({ service, existing, type, trigger, totals }, view)),
    ...outdated,
  ]
}

interface Family {
  readonly service: Service
  readonly existing: readonly EndpointSlice[]
  readonly type: string
  readonly trigger: string | undefined
  readonly totals: EndpointTotals
}

function planAddressType({ service, existing, type, trigger, totals }: Family, view: View): Plan {
  const here = existing.filter(({ addressType }) => addressType === type)
  const groups = endpointGroups(service, selectedPods(service, view.store), {
    type,
    nodes: view.store(nodes),
  })
  const changes = fillSlices(service, type, groups, here)
  const left = here.length - changes.deleted.length + changes.created.length
  if (left === 0) keepPlaceholder(service, type, changes)
  reuseNames(changes)
  const stamp = (slice: EndpointSlice) => stamped(slice, trigger)
  return [
    ...(service.metadata.deletionTimestamp
      ? []
      : changes.created.map(slice => create(endpointSlices, stamp(slice)))),
    ...changes.updated.map(slice => update(endpointSlices, stamp(slice))),
    ...changes.deleted.map(slice => remove(endpointSlices, slice)),
    totals.count({ service, type, groups, here, changes }),
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
    updated.push({ ...content, metadata: { ...content.metadata, name, resourceVersion, uid } })
  }
}

/** Notes when that happened which this change answers. */
function stamped(slice: EndpointSlice, trigger: string | undefined): EndpointSlice {
  const { [triggerTimeAnnotation]: _, ...others } = slice.metadata.annotations ?? {}
  const all = trigger ? { ...others, [triggerTimeAnnotation]: trigger } : others
  const annotations = Object.keys(all).length > 0 ? all : undefined
  return { ...slice, metadata: { ...slice.metadata, annotations } }
}

/** One set of slices per IP family of the service. */
function addressTypes({ spec }: Service): readonly string[] {
  if (spec?.ipFamilies?.length) return spec.ipFamilies
  if (spec?.clusterIP && spec.clusterIP !== 'None') return [isIpv6(spec.clusterIP) ? 'IPv6' : 'IPv4']
  return ['IPv4', 'IPv6']
}
