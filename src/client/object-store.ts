import type { KubeObject } from '../machinery/meta/object.ts'
import { objectKey, toKey } from './resource.ts'

/** What an informer knows: the last seen state of every object, by key and by index. Never copy-on-read. */
export interface ObjectStore<T extends KubeObject> {
  get(namespace: string | undefined, name: string): T | undefined
  byKey(key: string): T | undefined
  /** All objects, or those of one namespace. */
  list(namespace?: string): readonly T[]
  keys(): IterableIterator<string>
  readonly size: number
  /**
   * An index over a projection, kept up to date from now on: `index(pod => pod.spec.nodeName)`. A projection
   * may give several values, or none. Asking twice with the same function gives the same index.
   */
  index(project: Projection<T>): Index<T>
}

export type Projection<T extends KubeObject> = (object: T) => string | readonly string[] | undefined

export interface Index<T extends KubeObject> {
  get(value: string): readonly T[]
  /** How many `get` would give, without making a list of them. */
  count(value: string): number
  values(): IterableIterator<string>
}

/** The write side, for the informer alone (and for tests that build a view by hand). */
export interface ObjectStoreWriter<T extends KubeObject> extends ObjectStore<T> {
  /** Puts the object in; returns the one that it replaces. */
  put(object: T): T | undefined
  remove(key: string): T | undefined
}

export function createObjectStore<T extends KubeObject>(initial: Iterable<T> = []): ObjectStoreWriter<T> {
  const objects = new Map<string, T>()
  const indexes = new Map<Projection<T>, LiveIndex<T>>()
  const reindex = (key: string, old: T | undefined, object: T | undefined) => {
    for (const index of indexes.values()) index.move(key, old, object)
  }
  const index = (project: Projection<T>): Index<T> => {
    let live = indexes.get(project)
    if (!live) {
      live = createIndex(project)
      indexes.set(project, live)
      for (const [key, object] of objects) live.move(key, undefined, object)
    }
    return live
  }
  const store: ObjectStoreWriter<T> = {
    get: (namespace, name) => objects.get(toKey(namespace, name)),
    byKey: key => objects.get(key),
    list: namespace => (namespace === undefined ? [...objects.values()] : index(namespaceOf).get(namespace)),
    keys: () => objects.keys(),
    get size() {
      return objects.size
    },
    index,
    put(object) {
      const key = objectKey(object)
      const old = objects.get(key)
      objects.set(key, object)
      reindex(key, old, object)
      return old
    },
    remove(key) {
      const old = objects.get(key)
      if (objects.delete(key)) reindex(key, old, undefined)
      return old
    },
  }
  for (const object of initial) store.put(object)
  return store
}

interface LiveIndex<T extends KubeObject> extends Index<T> {
  move(key: string, old: T | undefined, object: T | undefined): void
}

function createIndex<T extends KubeObject>(project: Projection<T>): LiveIndex<T> {
  const buckets = new Map<string, Map<string, T>>()
  const drop = (value: string, key: string) => {
    const bucket = buckets.get(value)
    bucket?.delete(key)
    if (bucket?.size === 0) buckets.delete(value)
  }
  const add = (value: string, key: string, object: T) => {
    const bucket = buckets.get(value)
    if (bucket) bucket.set(key, object)
    else buckets.set(value, new Map([[key, object]]))
  }
  return {
    get: value => [...(buckets.get(value)?.values() ?? [])],
    count: value => buckets.get(value)?.size ?? 0,
    values: () => buckets.keys(),
    move(key, old, object) {
      const before = old && project(old)
      const after = object && project(object)
      // Nearly always one value: for that no list is made, as an index over thousands is made at once.
      if (typeof before === 'string') {
        if (!holds(after, before)) drop(before, key)
      } else for (const value of before ?? none) if (!holds(after, value)) drop(value, key)
      if (typeof after === 'string') add(after, key, object!)
      else for (const value of after ?? none) add(value, key, object!)
    },
  }
}

const none: readonly string[] = []

function holds(projected: string | readonly string[] | undefined, value: string): boolean {
  return typeof projected === 'object' ? projected.includes(value) : projected === value
}

/** The projection behind `list(namespace)`: asking for its index asks for that one. */
export function namespaceOf(object: KubeObject): string | undefined {
  return object.metadata.namespace
}
