import type { Ports } from '../std/ports.ts'
import type { Store } from '../storage/store.ts'
import type { Drain } from './http/drain.ts'
import type { HealthCheck } from './http/health.ts'
import type { WatchCache } from './watchcache/index.ts'

export interface HealthSubjects {
  readonly ports: Pick<Ports, 'clock'>
  readonly store: Store
  readonly cache: WatchCache
  readonly drain: Drain
  readonly hooks: readonly HealthCheck[]
}

/** Upstream's --etcd-healthcheck-timeout. */
const storeTimeoutMs = 2_000

/** The server's conditions in upstream's order and under its names, where there is such a thing. */
export function healthChecks({ ports, store, cache, drain, hooks }: HealthSubjects): HealthCheck[] {
  const storeCheck = () => askStore(store, ports)
  let lost: string | undefined
  cache.done.catch(error => {
    lost = String(error)
  })
  return [
    { name: 'ping', check: () => undefined },
    // The log is written in step with what it tells: one that blocks would keep this answer back as well.
    { name: 'log', check: () => undefined },
    { name: 'etcd', check: storeCheck },
    { name: 'etcd-readiness', check: storeCheck, isReadiness: true },
    ...hooks.filter(({ isOfStore }) => isOfStore),
    { name: 'informer-sync', check: () => lost, isReadiness: true },
    ...hooks.filter(({ isOfStore }) => !isOfStore),
    {
      name: 'shutdown',
      check: () => (drain.isLeaving() ? 'process is shutting down' : undefined),
      isReadiness: true,
    },
  ]
}

async function askStore(store: Store, { clock }: Pick<Ports, 'clock'>): Promise<string | undefined> {
  const late = Promise.withResolvers<string>()
  const cancel = clock.setTimer(storeTimeoutMs, () => late.resolve('the store did not answer in time'))
  const asked = store.get('/registry/health').then(
    () => undefined,
    error => `error getting data from the store: ${String(error)}`,
  )
  return Promise.race([asked, late.promise]).finally(cancel)
}
