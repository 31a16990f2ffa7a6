import { serviceNameLabel } from '../../api/discovery/service-name.ts'
import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '../../api/types/core-v1.gen.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { fromKey, objectKey } from '../../client/resource.ts'
import { create, event, type Plan, remove, update } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import { endpointSlices, endpoints, services } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { controllerReference } from '../shared/owner.ts'
import { type MirrorChange, MirrorTotals, timeMirroring } from './mirroring-metrics.ts'
import { isIpv6, triggerTimeAnnotation } from './service-pods.ts'
import { endpointKey, portsKey } from './slice-endpoints.ts'

const managedByUs = 'endpointslicemirroring-controller.k8s.io'
const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
/** kube-controller-manager --mirroring-max-endpoints-per-subset. */
const perSubsetMax = 1000
const notMirrored = [triggerTimeAnnotation, 'kubectl.kubernetes.io/last-applied-configuration']

/** Shows Endpoints that people make as EndpointSlices (upstream pkg/controller/endpointslicemirroring). */
export function endpointSliceMirroring(): Worker {
  const totals = new MirrorTotals()
  return defineController<Endpoints>({
    name: 'endpointslicemirroring',
    identity: 'endpointslicemirroring-controller',
    eventSource: 'endpoint-slice-mirroring-controller',
    primary: endpoints,
    owns: [{ resource: endpointSlices }],
    watches: [watched(services, service => [objectKey(service)], sameSelection)],
    plan: (object, view) => planMirroring(object, view, totals),
    synced: timeMirroring,
    gone(key, store) {
      const { namespace, name } = fromKey(key)
      return [
        ...mirrored(store, namespace, name).map(slice => remove(endpointSlices, slice)),
        ...totals.forget(key),
      ]
    },
  })
}

function sameSelection(a: Service, b: Service): boolean {
  return (a.spec?.selector === undefined) === (b.spec?.selector === undefined)
}

const mirrorOf = ({ metadata }: EndpointSlice) =>
  metadata.labels?.[managedByLabel] === managedByUs
    ? `${metadata.namespace}/${metadata.labels[serviceNameLabel]}`
    : undefined

function mirrored(
  store: View['store'],
  namespace: string | undefined,
  name: string,
): readonly EndpointSlice[] {
  return store(endpointSlices)
    .index(mirrorOf)
    .get(`${namespace}/${name}`)
    .filter(({ metadata }) => !metadata.deletionTimestamp)
}

function planMirroring(object: Endpoints, view: View, totals: MirrorTotals): Plan {
  const { namespace, name, deletionTimestamp } = object.metadata
  const key = objectKey(object)
  const existing = mirrored(view.store, namespace, name!)
  if (!isMirrored(object, view))
    return [...existing.map(slice => remove(endpointSlices, slice)), ...totals.forget(key)]
  const { groups, invalid, skipped } = groupsOf(object)
  const byKey = Map.groupBy(existing, ({ addressType, ports }) => `${addressType} ${portsKey(ports)}`)
  const surplus = [...byKey].flatMap(([of, slices]) => (groups.has(of) ? slices.slice(1) : slices))
  const written = [...groups].flatMap(([of, group]): MirrorChange[] => {
    const spare = byKey.get(of)?.[0] ?? surplus.shift()
    const wanted = sliceFor(object, group, spare)
    if (spare && jsonEqual(contentOf(spare), contentOf(wanted))) return []
    if (spare) return [['update', wanted]]
    return deletionTimestamp ? [] : [['create', wanted]]
  })
  const changes = [...written, ...surplus.map((slice): MirrorChange => ['delete', slice])]
  return [
    ...warnings(object, invalid, skipped),
    ...changes.map(([operation, slice]) => writes[operation](endpointSlices, slice)),
    totals.count({ key, groups, existing, changes, skippedAddresses: invalid + skipped }),
  ]
}

const writes = { create, update, delete: remove }

function isMirrored({ metadata }: Endpoints, view: View): boolean {
  if (metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] === 'true') return false
  if (metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined) return false
  const service = view.store(services).get(metadata.namespace, metadata.name!)
  return service !== undefined && service.spec?.selector === undefined
}

/** Addresses of one family that share their ports. */
interface Group {
  readonly addressType: string
  readonly ports: EndpointPort[]
  readonly endpoints: Map<string, Endpoint>
}

interface Groups {
  readonly groups: ReadonlyMap<string, Group>
  readonly invalid: number
  readonly skipped: number
}

function groupsOf({ subsets = [] }: Endpoints): Groups {
  const groups = new Map<string, Group>()
  let invalid = 0
  let skipped = 0
  for (const subset of subsets) {
    const ports = portsOf(subset)
    const all = [
      ...(subset.addresses ?? []).map(address => ({ address, ready: true })),
      ...(subset.notReadyAddresses ?? []).map(address => ({ address, ready: false })),
    ]
    const valid = all.filter(({ address }) => isAddress(address.ip))
    invalid += all.length - valid.length
    skipped += Math.max(0, valid.length - perSubsetMax)
    for (const { address, ready } of valid.slice(0, perSubsetMax)) {
      const addressType = isIpv6(address.ip) ? 'IPv6' : 'IPv4'
      const key = `${addressType} ${portsKey(ports)}`
      const group = groups.get(key) ?? { addressType, ports, endpoints: new Map() }
      groups.set(key, group)
      const endpoint = endpointOf(address, ready)
      group.endpoints.set(endpointKey(endpoint), endpoint)
    }
  }
  return { groups, invalid, skipped }
}

function isAddress(text: string): boolean {
  return /^[0-9a-fA-F:.]+$/.test(text)
}

function portsOf({ ports = [] }: EndpointSubset): EndpointPort[] {
  return ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    ...{ name, port, protocol },
    ...(appProtocol && { appProtocol }),
  }))
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(targetRef && { targetRef }),
    ...(nodeName && { nodeName }),
  }
}

function sliceFor(object: Endpoints, group: Group, spare: EndpointSlice | undefined): EndpointSlice {
  const { name, namespace, labels } = object.metadata
  const prefix = `${name}-`
  const generateName = nameIsDnsSubdomain(prefix, true).length === 0 ? prefix : name
  const annotations = Object.fromEntries(
    Object.entries(object.metadata.annotations ?? {}).filter(([key]) => !notMirrored.includes(key)),
  )
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...(spare ? spare.metadata : { generateName, namespace }),
      labels: { ...labels, [serviceNameLabel]: name!, [managedByLabel]: managedByUs },
      annotations: Object.keys(annotations).length > 0 ? annotations : undefined,
      ownerReferences: [controllerReference(endpoints, object)],
    },
    addressType: group.addressType,
    endpoints: [...group.endpoints.values()].slice(0, perSubsetMax),
    ports: group.ports,
  }
}

function contentOf({ metadata, endpoints: all, ports, addressType }: EndpointSlice): unknown {
  const { labels = {}, annotations = {}, ownerReferences = [] } = metadata
  const ordered = all.toSorted((a, b) => (endpointKey(a) < endpointKey(b) ? -1 : 1))
  return [ordered, ports ?? [], addressType, labels, annotations, ownerReferences.map(({ uid }) => uid)]
}

function warnings(object: Endpoints, invalid: number, skipped: number): Plan {
  const warn = (reason: string, message: string) =>
    event(endpoints, object, { type: 'Warning', reason, message })
  const many = `A max of ${perSubsetMax} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped + invalid} addresses were skipped`
  const wrong = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`
  return [
    ...(invalid > 0 ? [warn('InvalidIPAddress', wrong)] : []),
    ...(skipped > 0 ? [warn('TooManyAddressesToMirror', many)] : []),
  ]
}
