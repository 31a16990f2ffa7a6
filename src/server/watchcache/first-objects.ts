import type { Cancel, Logger } from '../../std/ports.ts'
import type { CacheEvent } from './cached-object.ts'
import { kindFolder } from './key.ts'
import type { WatchCache } from './watch-cache.ts'

/** Calls `then` once, as soon as a kind's folder has an object, at once where it has; the answer calls that off. */
export type FirstObjects = (folder: string, then: () => void) => Cancel

/** Tells of the first object of a kind. Of many kinds there never is one: to wait for it costs next to nothing. */
export function createFirstObjects(cache: WatchCache, log: Logger, signal: AbortSignal): FirstObjects {
  const waiting = new Map<string, readonly (() => void)[]>()
  let isWatching = false
  const sink = (events: readonly CacheEvent[]) => {
    if (waiting.size === 0) return
    for (const { key } of events) {
      const folder = kindFolder(key)
      const told = waiting.get(folder) ?? []
      waiting.delete(folder)
      for (const then of told) then()
    }
  }
  const watch = () => {
    isWatching = true
    cache
      .watch('', cache.revision(), sink, signal)
      .catch(error => log.error('first objects are no longer told of', { error: String(error) }))
  }
  return (folder, then) => {
    if (cache.count(folder) > 0) {
      then()
      return () => {}
    }
    if (!isWatching) watch()
    waiting.set(folder, [...(waiting.get(folder) ?? []), then])
    return () => {
      const left = waiting.get(folder)?.filter(other => other !== then) ?? []
      if (left.length > 0) waiting.set(folder, left)
      else waiting.delete(folder)
    }
  }
}
