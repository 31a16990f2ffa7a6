import type { KubeObject } from '../../machinery/meta/object.ts'
import { assert } from '../../std/assert.ts'
import { treeCount, treeGet, treeRuns } from '../../std/persistent-tree.ts'
import type { Clock, Logger } from '../../std/ports.ts'
import { Feed } from '../../storage/feed.ts'
import type { Store } from '../../storage/store.ts'
import { type HistoryLimits, VersionedMap } from '../../storage/versioned-map.ts'
import { Waiters } from '../../storage/waiters.ts'
import { type CacheChange, type CachedObject, type CacheEvent, departedAt } from './cached-object.ts'
import { followStore } from './follow-store.ts'
import { HandedObjects } from './handed-objects.ts'
import { coveringPrefixes, covers } from './key.ts'

export interface WatchCacheOptions {
  readonly store: Store
  /** Turns stored bytes into an object. What it returns becomes the cache's own and is frozen. */
  readonly decode: (bytes: Uint8Array, key: string) => KubeObject
  readonly clock: Clock
  readonly log: Logger
  /** Freezes arrays too, which costs memory and time: for tests and simulations. */
  readonly freezesArrays?: boolean
  /** How far back lists and watches reach. */
  readonly history?: Partial<HistoryLimits>
}

/**
 * The read path: every object of the store in memory once, as of one revision, with its recent past. A `prefix` is
 * a folder (ends with `/`; empty is everything) or one whole key. All reads are synchronous and never wait for a disk.
 */
export interface WatchCache {
  /** Resolves when everything is loaded; before that no other member may be used. */
  readonly ready: Promise<void>
  /** Resolves after `close`; rejects when the store's feed broke: the cache is stale then and the process must go. */
  readonly done: Promise<void>
  /** Every event up to here was given to every watcher, so a bookmark at this revision is true for all of them. */
  revision(): number
  /** Lists and watches below this revision are refused with `CompactedError`. */
  compactedRevision(): number
  /**
   * Up to here the store had lost its history: watchers were told what differs, in one batch of this revision, and not what
   * happened. 0: never.
   */
  lostRevision(): number
  /** How often everything was read from the store: once, and again whenever the store had lost its history. */
  loads(): number
  /**
   * Resolves when the cache is as new as everybody's writes were when this was called; rejects as the store does, or with
   * the signal's reason. Absent where nobody else writes: the cache is always so.
   */
  readonly freshen?: (signal: AbortSignal) => Promise<void>
  get(key: string): CachedObject | undefined
  /** Objects in order of their keys, all as of one revision; `CompactedError`, `FutureRevisionError` when it cannot be told. */
  list(prefix: string, options?: CacheListOptions): CacheList
  /** How many objects lie in a folder; cheap. */
  count(prefix: string): number
  /** `list` of a folder in arrays that stay the same while nothing in them changes. */
  runs(folder: string, options?: CacheListOptions): CacheRuns
  /** Resolves once `revision() >= revision`; rejects with the signal's reason when it aborts first. */
  waitFor(revision: number, signal: AbortSignal): Promise<void>
  /**
   * Delivers every event under `prefix` above `fromRevision`, once, in order, in batches shared between watchers (do
   * not change them). History is delivered before `watch` returns. Resolves when `signal` aborts or the cache closes.
   * Rejects with `CompactedError`, `FutureRevisionError`, or with what `sink` threw.
   */
  watch(
    prefix: string,
    fromRevision: number,
    sink: (events: readonly CacheEvent[]) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** Writes through to the store; resolves when the cache shows it. Errors are the store's. */
  put(write: CachePut): Promise<CachedObject>
  /** Removes a key that is at `expected`; answers the last value at the revision of its removal. Errors are the store's. */
  remove(key: string, expected: number): Promise<CachedObject>
  close(): Promise<void>
}

export interface CacheListOptions {
  readonly revision?: number
  /** Exclusive. */
  readonly after?: string
  /** Inclusive; instead of `after`. */
  readonly from?: string
  readonly limit?: number
}

export interface CacheList {
  readonly items: readonly CachedObject[]
  readonly revision: number
  /** How many lie beyond `limit`. */
  readonly remaining: number
}

export interface CacheRuns extends Omit<CacheList, 'items'> {
  /** In order of their keys; see `treeRuns`. */
  readonly runs: readonly (readonly CachedObject[])[]
}

export interface CachePut {
  readonly key: string
  /** Given away: the cache freezes it and shows it with its resourceVersion, without decoding `encoded` again. */
  readonly object: KubeObject
  readonly encoded: Uint8Array
  /** See `Write.expected`. */
  readonly expected: number
  readonly volatile?: boolean
}

/** Opens the cache over `store` and starts loading; await `ready`. */
export function createWatchCache(options: WatchCacheOptions): WatchCache {
  const { store, clock, log } = options
  const stop = new AbortController()
  const objects = new VersionedMap<CachedObject, CacheChange>({
    clock,
    ...(options.history && { limits: options.history }),
  })
  const waiters = new Waiters()
  const handed = new HandedObjects(options)

  const feed = new Feed<CacheEvent>({
    log,
    revision: () => objects.revision,
    since: (prefix, revision) => objects.since(revision).filter(change => covers(prefix, change.key)),
    covering: coveringPrefixes,
  })
  const following = followStore({ store, objects, handed, feed, waiters, clock, log }, stop.signal)

  return {
    ready: following.ready,
    done: following.done,
    revision: () => objects.revision,
    compactedRevision: () => objects.floor,
    lostRevision: following.lostRevision,
    loads: following.loads,
    ...(store.freshRevision && {
      async freshen(signal) {
        const revision = await orAborted(store.freshRevision!(), signal)
        // Told of everything up to there, whether or not something of it was about keys of ours.
        if (following.isCurrent()) objects.skipTo(revision)
        waiters.release(objects.revision)
        await waiters.wait(revision, objects.revision, signal)
      },
    }),
    get: key => objects.get(key),
    list: (prefix, options = {}) => list(objects, prefix, options),
    count: prefix => treeCount(objects.at(objects.revision), prefix),
    runs: (folder, options = {}) => runs(objects, folder, options),
    waitFor: (revision, signal) => waiters.wait(revision, objects.revision, signal),
    watch: (prefix, fromRevision, sink, signal) => feed.watch(prefix, fromRevision, sink, signal),
    put: write => put({ store, handed, objects, waiters }, write, stop.signal),
    remove: (key, expected) => remove(store, objects.get(key), key, expected),
    async close() {
      stop.abort()
      feed.close()
      await following.done
    },
  }
}

type Objects = VersionedMap<CachedObject, CacheChange>

function list(objects: Objects, prefix: string, options: CacheListOptions): CacheList {
  if (prefix === '' || prefix.endsWith('/')) {
    const { runs: found, ...page } = runs(objects, prefix, options)
    return { items: found.flat(), ...page }
  }
  const revision = options.revision ?? objects.revision
  const only = treeGet(objects.at(revision), prefix)
  return { items: only ? [only] : [], revision, remaining: 0 }
}

function runs(objects: Objects, folder: string, options: CacheListOptions): CacheRuns {
  const revision = options.revision ?? objects.revision
  const tree = objects.at(revision)
  const found = treeRuns(tree, folder, options)
  const page = { runs: found, revision, remaining: 0 }
  if (options.limit === undefined || found.reduce((sum, run) => sum + run.length, 0) < options.limit)
    return page
  if (revision === objects.revision) objects.rememberPresent()
  return { ...page, remaining: treeCount(tree, folder, found.at(-1)?.at(-1)?.key ?? options.after) }
}

interface PutParts {
  readonly store: Store
  readonly objects: Objects
  readonly handed: HandedObjects
  readonly waiters: Waiters
}

async function put(
  { store, handed, objects, waiters }: PutParts,
  { key, object, encoded, expected, volatile }: CachePut,
  signal: AbortSignal,
): Promise<CachedObject> {
  handed.give(encoded, object)
  const { revision } = await store.write({
    key,
    value: encoded,
    expected,
    ...(volatile && { volatile: true }),
  })
  const cached = handed.taken(encoded)
  if (cached?.revision === revision) return cached
  // Written while the cache looked at the whole store: it was read with the rest, and may be overwritten by now.
  await waiters.wait(revision, objects.revision, signal)
  const createRevision = objects.get(key)?.createRevision ?? revision
  return handed.take({ key, value: encoded, createRevision }, revision)
}

async function remove(
  store: Store,
  seen: CachedObject | undefined,
  key: string,
  expected: number,
): Promise<CachedObject> {
  const { revision } = await store.write({ key, value: undefined, expected })
  assert(seen?.revision === expected, 'the cache is as new as the store')
  return departedAt(seen, revision)
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const giveUp = () => reject(signal.reason)
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  return promise
}
