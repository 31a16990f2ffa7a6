import { fromTimestamp } from '../client/timestamp.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { Cancel, Ports } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import { collectionPrefix, removeUnchanged, type WatchCache } from './watchcache/index.ts'

/** Upstream's --event-ttl. */
export const eventTtlMs = 3_600_000
/** Events of one minute go together, as those that share a lease of etcd do (--lease-reuse-duration-seconds). */
const togetherMs = 60_000
/** So many are removed at a time, and then others have their turn. */
const batchMax = 100

const events = collectionPrefix({ group: '', plural: 'events' })

/**
 * Removes events that nobody has written for `ttlMs`, until `signal` aborts: no request, no admission and no audit, as
 * when a key of etcd runs out. Several servers over one store may do it at once. 0 keeps them for ever.
 */
export function expireEvents(
  { cache, ports, ttlMs }: { readonly cache: WatchCache; readonly ports: Ports; readonly ttlMs: number },
  signal: AbortSignal,
): void {
  if (ttlMs <= 0) return
  const { clock, log } = ports
  /** When each runs out, the first to do so first: every write puts its event to the end. */
  const due = new Map<string, number>()
  let cancel: Cancel | undefined
  const plan = () => {
    const [soonestMs] = due.values()
    if (cancel || soonestMs === undefined || signal.aborted) return
    cancel = clock.setTimer(Math.max(0, soonestMs - clock.nowMs()) + togetherMs, () => {
      sweep()
        .catch(error => log.warn('events were not removed', { error: String(error) }))
        .finally(() => {
          cancel = undefined
          plan()
        })
    })
  }
  const sweep = async () => {
    const nowMs = clock.nowMs()
    let removed = 0
    for (const [key, dueMs] of due) {
      if (dueMs > nowMs || signal.aborted) return
      due.delete(key)
      try {
        await removeUnchanged(cache, key)
      } catch (error) {
        due.set(key, nowMs)
        throw error
      }
      if (++removed % batchMax === 0) await sleep(clock, 0)
    }
  }
  const { items, revision } = cache.list(events)
  const known = items.map(({ key, object }) => [key, writtenMs(object) + ttlMs] as const)
  for (const [key, dueMs] of known.toSorted(([, a], [, b]) => a - b)) due.set(key, dueMs)
  plan()
  signal.addEventListener('abort', () => cancel?.(), { once: true })
  const watching = cache.watch(
    events,
    revision,
    changes => {
      for (const { key, current } of changes) {
        due.delete(key)
        if (current) due.set(key, clock.nowMs() + ttlMs)
      }
      plan()
    },
    signal,
  )
  watching.catch(error => log.error('events do not run out any more', { error: String(error) }))
}

/** The last write that left a trace. */
function writtenMs({ metadata: { creationTimestamp, managedFields = [] } }: KubeObject): number {
  return Math.max(
    fromTimestamp(creationTimestamp) ?? 0,
    ...managedFields.map(({ time }) => fromTimestamp(time) ?? 0),
  )
}
