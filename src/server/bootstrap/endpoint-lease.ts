import type { Endpoints } from '../../api/types/core-v1.gen.ts'
import type { Transport } from '../../client/transport.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import { CasError } from '../../storage/store.ts'
import { collectionPrefix, objectKey, removeUnchanged, type WatchCache } from '../watchcache/index.ts'
import { ensure, kubernetesEndpoints } from './objects.ts'

export interface EndpointLeaseOptions {
  readonly cache: WatchCache
  /** With the server's own rights. */
  readonly transport: Transport
  readonly ports: Pick<Ports, 'clock' | 'log'>
  /** How clients in the cluster reach this server. */
  readonly address: string
  readonly port: number
}

/** Upstream's DefaultEndpointReconcilerInterval. */
export const renewMs = 10_000
/** Upstream's DefaultEndpointReconcilerTTL. */
const lifeMs = 15_000

/** No resource: nobody is served these, and nobody but servers writes them. */
const leases = { group: '', plural: 'masterleases' }

/**
 * Keeps the endpoints of the Service `kubernetes` at the servers that are there (pkg/controlplane/reconcilers lease.go): each
 * renews a lease in the store, a lease that nobody has renewed for 15 seconds goes, and those that are left are the
 * endpoints. The answer takes the own one back: call it when the server leaves, before it serves no more.
 */
export function maintainEndpointLease(
  options: EndpointLeaseOptions,
  signal: AbortSignal,
): () => Promise<void> {
  const { clock, log } = options.ports
  const seen: Seen = new Map()
  let cancel: Cancel = () => {}
  let isLeaving = false
  let working = Promise.resolve()
  let isFirst = true
  const reconcile = async () => {
    await renew(options)
    await settle(options, seen, isFirst)
    isFirst = false
  }
  const inTurn = (work: () => Promise<void>) => {
    working = working.then(work).catch(error => {
      if (!signal.aborted)
        log.warn('the endpoints of the kubernetes service were not written', { error: String(error) })
    })
    return working
  }
  const run = () => {
    if (isLeaving || signal.aborted) return
    void inTurn(reconcile)
    cancel = clock.setTimer(renewMs, run)
  }
  run()
  signal.addEventListener('abort', () => cancel(), { once: true })
  return () => {
    isLeaving = true
    cancel()
    return inTurn(async () => {
      await removeUnchanged(options.cache, objectKey(leases, '', options.address))
      await settle(options, seen, true)
    })
  }
}

/** When each lease was last seen to change, on our own clock: those of others may be wrong. */
type Seen = Map<string, { readonly revision: number; readonly atMs: number }>

/** Upstream's lease is an Endpoints object, too, whose generation counts the renewals. */
async function renew({ cache, address }: EndpointLeaseOptions): Promise<void> {
  const key = objectKey(leases, '', address)
  const found = cache.get(key)
  const generation = (found?.object.metadata.generation ?? 0) + 1
  const object = {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { name: address, generation },
    subsets: [{ addresses: [{ ip: address }] }],
  } satisfies Endpoints
  const encoded = new TextEncoder().encode(JSON.stringify(object))
  try {
    await cache.put({ key, object: object as KubeObject, encoded, expected: found?.revision ?? 0 })
  } catch (error) {
    // Somebody took it for dead just now: the next time makes it anew.
    if (!(error instanceof CasError)) throw error
  }
}

/** Removes what has run out, and makes the rest the endpoints. The port is put right when a server comes or goes. */
async function settle(options: EndpointLeaseOptions, seen: Seen, setsPort: boolean): Promise<void> {
  const { cache, transport, ports, port } = options
  const nowMs = ports.clock.monotonicMs()
  const living: string[] = []
  for (const { key, object, revision } of cache.list(collectionPrefix(leases)).items) {
    const before = seen.get(key)
    const atMs = before?.revision === revision ? before.atMs : nowMs
    seen.set(key, { revision, atMs })
    if (nowMs - atMs < lifeMs) living.push(object.metadata.name!)
    else await removeUnchanged(cache, key)
  }
  const told = setsPort ? port : (presentPort(cache) ?? port)
  for (const wanted of kubernetesEndpoints(living.sort(), told)) await ensure(transport, wanted)
}

/** All servers are said to listen at one port; which one that is, whoever came last has said. */
function presentPort(cache: WatchCache): number | undefined {
  const found = cache.get(objectKey({ group: '', plural: 'endpoints' }, 'default', 'kubernetes'))
  return (found?.object as Endpoints | undefined)?.subsets?.[0]?.ports?.[0]?.port
}
