import type { KubeObject } from '../machinery/meta/object.ts'
import type { Cancel } from '../std/ports.ts'

/** A frozen view of one kind, read from the watch cache. The namespace of cluster-scoped objects is `''`. */
export interface Lister<T extends KubeObject = KubeObject> {
  get(namespace: string, name: string): T | undefined
  /** All objects, or those of one namespace. */
  list(namespace?: string): readonly T[]
}

/** `old` is absent for an addition, `now` for a removal. */
export interface Change<T extends KubeObject = KubeObject> {
  readonly old: T | undefined
  readonly now: T | undefined
}

/** A lister that also tells what changes. */
export interface Source<T extends KubeObject = KubeObject> extends Lister<T> {
  /** Hands over what is there as additions before it returns, then every change in the order of its revision. */
  onChange(handler: (change: Change<T>) => void): Cancel
}

/** A source over plain objects that its owner changes by `put` and `remove`; for tests and for what never changes. */
export function memorySource<T extends KubeObject>(objects: readonly T[] = []): MemorySource<T> {
  const byKey = new Map(objects.map(object => [keyOf(object), object]))
  const handlers = new Set<(change: Change<T>) => void>()
  const tell = (change: Change<T>) => {
    for (const handler of handlers) handler(change)
  }
  return {
    get: (namespace, name) => byKey.get(`${namespace}/${name}`),
    list: namespace =>
      [...byKey.values()].filter(
        object => namespace === undefined || object.metadata.namespace === namespace,
      ),
    onChange(handler) {
      for (const now of byKey.values()) handler({ old: undefined, now })
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    put(now) {
      const old = byKey.get(keyOf(now))
      byKey.set(keyOf(now), now)
      tell({ old, now })
    },
    remove(namespace, name) {
      const old = byKey.get(`${namespace}/${name}`)
      if (!old) return
      byKey.delete(`${namespace}/${name}`)
      tell({ old, now: undefined })
    },
  }
}

export interface MemorySource<T extends KubeObject> extends Source<T> {
  put(object: T): void
  remove(namespace: string, name: string): void
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`
}
