import type { Endpoints } from '../../api/types/core-v1.gen.ts'
import type { Cancel } from '../../std/ports.ts'
import { objectKey, type WatchCache } from '../watchcache/index.ts'
import { type EndpointLeaseOptions, renewMs } from './endpoint-lease.ts'
import { ensure, kubernetesEndpoints } from './objects.ts'

export interface EndpointCountOptions extends EndpointLeaseOptions {
  /** How many servers there are said to be. */
  readonly count: number
}

/**
 * Keeps this server among the endpoints of the Service `kubernetes` without a look at whether others live
 * (pkg/controlplane/reconcilers instancecount.go): where there are more than `count`, those that come next to it in order
 * go. The answer takes its own address back.
 */
export function maintainCountedEndpoint(
  options: EndpointCountOptions,
  signal: AbortSignal,
): () => Promise<void> {
  const { cache, transport, ports, address, port, count } = options
  let cancel: Cancel = () => {}
  let working = Promise.resolve()
  const write = async (addresses: readonly string[]) => {
    for (const wanted of kubernetesEndpoints(addresses, port)) await ensure(transport, wanted)
  }
  const inTurn = (choose: (present: readonly string[]) => readonly string[]) => {
    working = working
      .then(() => write(choose(presentAddresses(cache))))
      .catch(error => {
        if (!signal.aborted)
          ports.log.warn('the endpoints of the kubernetes service were not written', { error: String(error) })
      })
    return working
  }
  const run = () => {
    if (signal.aborted) return
    void inTurn(present => countedAddresses(present, address, count))
    cancel = ports.clock.setTimer(renewMs, run)
  }
  run()
  signal.addEventListener('abort', () => cancel(), { once: true })
  return () => {
    cancel()
    return inTurn(present => present.filter(each => each !== address))
  }
}

/** Those of the one subset that there should be; of more subsets nobody knows what they are for. */
function presentAddresses(cache: WatchCache): readonly string[] {
  const found = cache.get(objectKey({ group: '', plural: 'endpoints' }, 'default', 'kubernetes'))
  const { subsets = [] } = (found?.object ?? {}) as Partial<Endpoints>
  return subsets.length === 1 ? (subsets[0]!.addresses ?? []).map(({ ip }) => ip) : []
}

/** `present` with `own`, in order, and no more than `count`: so all servers come to the same, whoever is first. */
export function countedAddresses(present: readonly string[], own: string, count: number): string[] {
  const addresses = [...new Set([...present, own])].sort()
  const place = addresses.indexOf(own)
  while (addresses.length > count) addresses.splice((place + 1) % addresses.length, 1)
  return addresses
}
