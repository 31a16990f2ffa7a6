import type { Clock, Logger } from '../../std/ports.ts'
import type { Feed } from '../../storage/feed.ts'
import { CompactedError, type Store, type StoreEvent, StoreUnavailableError } from '../../storage/store.ts'
import type { VersionedMap } from '../../storage/versioned-map.ts'
import type { Waiters } from '../../storage/waiters.ts'
import { CacheChange, type CachedObject, type CacheEvent } from './cached-object.ts'
import type { HandedObjects } from './handed-objects.ts'
import { differences, readAll } from './reload.ts'

export interface FollowParts {
  readonly store: Store
  readonly objects: VersionedMap<CachedObject, CacheChange>
  readonly handed: HandedObjects
  readonly feed: Feed<CacheEvent>
  readonly waiters: Waiters
  readonly clock: Clock
  readonly log: Logger
}

export interface StoreFollowing {
  /** Everything is loaded. */
  readonly ready: Promise<void>
  /** Rejects when the store's feed broke for good. */
  readonly done: Promise<void>
  /** Whether what the store told its watchers until now is in the objects. */
  isCurrent(): boolean
  lostRevision(): number
  /** How often everything was read. */
  loads(): number
}

/**
 * Loads the store into the objects and applies every event until `signal` aborts. Where history is gone, what there is now
 * tells what is new.
 */
export function followStore(parts: FollowParts, signal: AbortSignal): StoreFollowing {
  const { store, objects, handed, feed, waiters, clock, log } = parts
  const done = Promise.withResolvers<void>()
  let isFollowing = false
  let lost = 0
  let loads = 0
  const apply = (batch: readonly StoreEvent[]) => {
    feed.publish(() => batch.map(event => applyEvent(parts, event)))
    waiters.release(objects.revision)
  }
  const follow = () => {
    isFollowing = true
    return store.watch('', objects.revision, apply, signal)
  }
  const reload = async () => {
    const revision = store.revision()
    const tree = await readAll(store, revision, objects.tree, handed)
    feed.publish(() => {
      const changes = differences(objects.tree, tree, revision)
      objects.load(tree, revision)
      lost = revision
      loads++
      return changes
    })
    waiters.release(revision)
    await follow()
  }
  const keepUp = async (first: Promise<void>) => {
    for (let following = first; ; following = reload()) {
      try {
        return await following
      } catch (error) {
        if (signal.aborted) return
        isFollowing = false
        if (error instanceof StoreUnavailableError) await pause(clock, signal)
        else if (!(error instanceof CompactedError)) throw error
        log.warn('the watch cache looks at the whole store again', { error: String(error) })
      }
    }
  }
  const begin = async () => {
    const revision = store.revision()
    objects.load(await readAll(store, revision, objects.tree, handed), revision)
    loads++
    keepUp(follow()).then(done.resolve, done.reject)
  }
  const ready = begin()
  ready.catch(done.reject)
  // Whoever awaits `done` hears it; nobody has to.
  done.promise.catch(error => log.error('the watch cache lost its store', { error: String(error) }))
  return {
    ready,
    done: done.promise,
    isCurrent: () => isFollowing && store.compactedRevision() <= objects.revision,
    lostRevision: () => lost,
    loads: () => loads,
  }
}

function applyEvent({ objects, handed }: FollowParts, event: StoreEvent): CacheEvent {
  const { key, revision } = event
  const current = event.type === 'put' ? handed.take(event, revision) : undefined
  const change = new CacheChange({ key, revision, current, previous: objects.get(key) })
  objects.apply(change)
  return change
}

/** A store that others write may be away for a while. */
const pauseMs = 1_000

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.setTimer(pauseMs, resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(cancel)
}
