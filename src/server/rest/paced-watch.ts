import type { Breathe } from '../../std/turns.ts'
import { CompactedError } from '../../storage/store.ts'
import type { CacheEvent, WatchCache } from '../watchcache/index.ts'

/** Takes events in order; what it returns resolves when it can take more. */
type Deliver = (events: readonly CacheEvent[]) => Promise<void> | undefined

export interface PacedWatch {
  /** Delivers what lies under the prefix above `from` until `signal` aborts; rejects as `WatchCache.watch` does, or with what `deliver` did. */
  run(from: number, deliver: Deliver, signal: AbortSignal): Promise<void>
  /** Whether everything up to the cache's revision was delivered. */
  isCurrent(): boolean
}

/** So many events of history are delivered before somebody looks whether the client can follow. */
const sliceEventsMax = 64

/**
 * A watch that goes as fast as its client reads. While the client does not, nothing is kept for it but how far it has
 * come: it is served from the cache's history later, or told that this reaches back no longer. Between two parts of history
 * others may have their turn.
 */
export function createPacedWatch(
  cache: WatchCache,
  prefix: string,
  breathe: Breathe = () => undefined,
): PacedWatch {
  let isLive = false
  /** Delivers until the client has to catch up, and answers how far it was given events and when it goes on. */
  const follow = async (from: number, deliver: Deliver, signal: AbortSignal) => {
    const pause = new AbortController()
    const stop = () => pause.abort()
    let position = from
    let pending: Promise<void> | undefined
    let isLost = false
    const sink = (events: readonly CacheEvent[]) => {
      if (events[0]!.revision <= cache.lostRevision()) {
        isLost = true
        stop()
        return
      }
      for (let start = 0; start < events.length && !pending; start += sliceEventsMax) {
        const slice = events.length > sliceEventsMax ? events.slice(start, start + sliceEventsMax) : events
        position = slice.at(-1)!.revision
        pending = deliver(slice)
      }
      if (!pending) return
      isLive = false
      stop()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      isLive = true
      await cache.watch(prefix, from, sink, pause.signal)
    } finally {
      isLive = false
      signal.removeEventListener('abort', stop)
    }
    // A client has to be told what happened, not what came of it.
    if (isLost) throw new CompactedError(cache.compactedRevision())
    return { position, pending }
  }
  return {
    async run(from, deliver, signal) {
      let position = from
      while (!signal.aborted) {
        const reached = await follow(position, deliver, signal)
        // Ended from the cache's side.
        if (!reached.pending) return
        position = reached.position
        await unlessAborted(reached.pending, signal)
        await breathe()
      }
    },
    isCurrent: () => isLive,
  }
}

/** Resolves with `pending`, or when there is nobody left who waits for it. */
async function unlessAborted(pending: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const leave = () => resolve()
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  try {
    await Promise.race([pending, promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
