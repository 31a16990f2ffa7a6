import { toDate } from '../../client/timestamp.ts'
import type { ApiCall, Transport } from '../../client/transport.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'

/** How clients in the cluster reach this server. */
export interface AdvertisedServer {
  /** Absent: the endpoints are not this one's to write. */
  readonly address?: string | undefined
  readonly port: number
  /** The Service's cluster IP: the first of the range. */
  readonly clusterIp: string
  /** The Service's port on nodes; 0: none. */
  readonly nodePort?: number
  /** The ranges that services get their addresses from, the primary one first. */
  readonly serviceCidrs: readonly string[]
}

export interface Wanted {
  readonly at: Pick<ApiCall, 'group' | 'version' | 'resource' | 'namespace'>
  readonly object: JsonObject & { metadata: { name: string; labels?: Record<string, string> } }
  /** Top-level fields that are put right when they differ; others are left to their users. */
  readonly owned?: readonly string[]
}

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

/**
 * What every cluster has from its first start: system namespaces, system priority classes, and the `kubernetes`
 * Service with its endpoints (pkg/controlplane). Run at each start; keeps what users changed.
 */
export async function ensureBootstrapObjects(transport: Transport, server: AdvertisedServer): Promise<void> {
  await ensureServiceCidr(transport, server.serviceCidrs)
  const { address, port } = server
  const endpoints = address === undefined ? [] : kubernetesEndpoints([address], port)
  for (const wanted of [
    ...systemNamespaces(),
    ...priorityClasses(),
    kubernetesService(server),
    ...endpoints,
  ]) {
    await ensure(transport, wanted)
  }
}

const dateForm = /^\d{4}-\d{2}-\d{2}$/

/** Since when uses of long-lived tokens could be seen (pkg/controlplane/controller/legacytokentracking). */
export async function ensureLegacyTokenTracking(
  transport: Transport,
  { clock }: Pick<Ports, 'clock'>,
): Promise<void> {
  const at = { group: '', version: 'v1', resource: 'configmaps', namespace: 'kube-system' }
  const data = { since: toDate(clock.nowMs()) }
  const wanted = { at, object: { metadata: { name: legacyTokenTracking }, data } }
  const found = (await find(transport, wanted)) as (KubeObject & { data?: { since?: string } }) | undefined
  const isKept = dateForm.test(found?.data?.since ?? '')
  if (!isKept) await ensure(transport, { ...wanted, owned: ['data'] })
}

const legacyTokenTracking = 'kube-apiserver-legacy-service-account-token-tracking'

interface ReadyObject extends KubeObject {
  status?: { conditions?: { type: string }[] }
}

/** The default range as an object that says it is ready (pkg/controlplane/controller/defaultservicecidr). */
async function ensureServiceCidr(transport: Transport, cidrs: readonly string[]): Promise<void> {
  const at = { group: 'networking.k8s.io', version: 'v1', resource: 'servicecidrs' }
  const wanted = { at, object: { metadata: { name }, spec: { cidrs } } }
  await ensure(transport, wanted)
  const found = (await find(transport, wanted)) as (ReadyObject & JsonObject) | undefined
  if (!found || !deepEqual(found.spec, wanted.object.spec)) return
  if (found.status?.conditions?.some(({ type }) => type === 'Ready')) return
  const message = 'Kubernetes default Service CIDR is ready'
  const lastTransitionTime = found.metadata.creationTimestamp!
  const condition = { type: 'Ready', status: 'True', reason: '', message, lastTransitionTime }
  const body = { ...found, status: { conditions: [condition] } } as unknown as KubeObject
  const update = { ...at, verb: 'update', subresource: 'status', name, body } as const
  await tolerate(isConflict, transport.call(update))
}

/** Creates an object that is not there; puts right what of it is not its users'. */
export async function ensure(transport: Transport, wanted: Wanted): Promise<void> {
  const { at, object, owned = [] } = wanted
  const found = await find(transport, wanted)
  if (!found) {
    await tolerate(isAlreadyExists, transport.call({ ...at, verb: 'create', body: object }))
    return
  }
  const current = found as unknown as JsonObject
  if (owned.every(field => deepEqual(current[field], object[field]))) return
  const body = { ...current, ...Object.fromEntries(owned.map(field => [field, object[field]])) }
  await tolerate(isConflict, transport.call({ ...at, verb: 'update', name: object.metadata.name, body }))
}

async function find(transport: Transport, { at, object }: Wanted): Promise<KubeObject | undefined> {
  try {
    return await transport.call({ ...at, verb: 'get', name: object.metadata.name })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Another server that starts at the same time did it. */
async function tolerate(is: (error: unknown) => boolean, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!is(error)) throw error
  }
}

function systemNamespaces(): Wanted[] {
  const at = { group: '', version: 'v1', resource: 'namespaces' }
  return namespaces.map(name => ({ at, object: { metadata: { name } } }))
}

function priorityClasses(): Wanted[] {
  const at = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' }
  const description = {
    'system-cluster-critical':
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    'system-node-critical': 'Used for system critical pods that must not be moved from their current node.',
  }
  const values = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 }
  return (['system-cluster-critical', 'system-node-critical'] as const).map(name => ({
    at,
    object: { metadata: { name }, value: values[name], description: description[name] },
  }))
}

const name = 'kubernetes'
const portName = 'https'
const namespace = 'default'

function kubernetesService({ port, clusterIp, nodePort = 0 }: AdvertisedServer): Wanted {
  const labels = { component: 'apiserver', provider: name }
  const spec = {
    type: nodePort > 0 ? 'NodePort' : 'ClusterIP',
    clusterIP: clusterIp,
    clusterIPs: [clusterIp],
    ports: [
      { name: portName, port: 443, protocol: 'TCP', targetPort: port, ...(nodePort > 0 && { nodePort }) },
    ],
    sessionAffinity: 'None',
  }
  return {
    at: { group: '', version: 'v1', resource: 'services', namespace },
    object: { metadata: { name, labels }, spec },
  }
}

/** What leads to the API servers at these addresses, all at one port. */
export function kubernetesEndpoints(addresses: readonly string[], port: number): Wanted[] {
  const ports = [{ name: portName, port, protocol: 'TCP' }]
  const subsets = addresses.length > 0 ? [{ addresses: addresses.map(ip => ({ ip })), ports }] : []
  const isIpv6 = (address: string) => address.includes(':')
  // A slice is of one family, and IPv4 unless there is nothing but IPv6.
  const isSliceIpv6 = addresses.length > 0 && addresses.every(isIpv6)
  const ofSlice = addresses.filter(address => isIpv6(address) === isSliceIpv6)
  return [
    {
      at: { group: '', version: 'v1', resource: 'endpoints', namespace },
      object: { metadata: { name, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }, subsets },
      owned: ['subsets'],
    },
    {
      at: { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices', namespace },
      object: {
        metadata: { name, labels: { 'kubernetes.io/service-name': name } },
        addressType: isSliceIpv6 ? 'IPv6' : 'IPv4',
        endpoints: ofSlice.map(each => ({ addresses: [each], conditions: { ready: true } })),
        ports: addresses.length > 0 ? ports : [],
      },
      owned: ['endpoints', 'ports'],
    },
  ]
}
