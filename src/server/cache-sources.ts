import type { Resource } from '../api/define.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { assert } from '../std/assert.ts'
import type { Change, Source } from './lister.ts'
import { type CacheEvent, collectionPrefix, objectKey, type WatchCache } from './watchcache/index.ts'

/**
 * Listers over the watch cache for what the chain itself needs (authentication, authorization, admission). They
 * are handed out before the cache exists, as the server that makes the cache takes what is built on them.
 */
export interface CacheSources {
  /** The objects of a kind, in whatever version they are stored. */
  of<T extends KubeObject>(resource: Resource<T>): Source<T>
  /** One object alone: who follows it is told of no other. */
  only<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Followed<T>
  /** Fills all sources; from here on their handlers hear every change, until `signal` aborts. */
  bind(cache: WatchCache, signal: AbortSignal): void
}

export type Followed<T extends KubeObject> = Pick<Source<T>, 'onChange'>

interface Bound {
  readonly cache: WatchCache
  readonly signal: AbortSignal
}

export function createCacheSources(): CacheSources {
  let bound: Bound | undefined
  const waiting: ((bound: Bound) => void)[] = []
  const current = () => {
    assert(bound, 'a lister is read only after its cache is bound')
    return bound.cache
  }
  const followed = <T extends KubeObject>(prefix: string): Followed<T> => ({
    onChange(handler) {
      const stop = new AbortController()
      const start = (to: Bound) => follow(to, prefix, stop.signal, handler)
      if (bound) start(bound)
      else waiting.push(start)
      return () => stop.abort()
    },
  })
  return {
    of: <T extends KubeObject>({ storage }: Resource<T>): Source<T> => ({
      get: (namespace, name) => current().get(objectKey(storage, namespace, name))?.object as T | undefined,
      list: namespace =>
        current()
          .list(collectionPrefix(storage, namespace))
          .items.map(({ object }) => object as T),
      ...followed<T>(collectionPrefix(storage)),
    }),
    only: ({ storage }, namespace, name) => followed(objectKey(storage, namespace, name)),
    bind(cache, signal) {
      assert(!bound, 'sources are bound once')
      bound = { cache, signal }
      for (const start of waiting.splice(0)) start(bound)
    },
  }
}

function follow<T extends KubeObject>(
  { cache, signal }: Bound,
  prefix: string,
  stop: AbortSignal,
  handler: (change: Change<T>) => void,
): void {
  const { items, revision } = cache.list(prefix)
  for (const { object } of items) handler({ old: undefined, now: object as T })
  const sink = (events: readonly CacheEvent[]) => {
    for (const { previous, current } of events) {
      handler({ old: previous?.object as T | undefined, now: current?.object as T | undefined })
    }
  }
  // A watch from the revision just listed fails only when a handler throws: a broken promise of our own.
  void cache.watch(prefix, revision, sink, AbortSignal.any([signal, stop]))
}
