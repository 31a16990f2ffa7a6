import type { Store } from './store.ts'

/** `store` with some of its members replaced: how something is put around every store alike. */
export function layerOver(store: Store, over: Partial<Store>): Store {
  return {
    revision: () => store.revision(),
    compactedRevision: () => store.compactedRevision(),
    get: key => store.get(key),
    range: (prefix, options) => store.range(prefix, options),
    write: write => store.write(write),
    watch: (prefix, fromRevision, sink, signal) => store.watch(prefix, fromRevision, sink, signal),
    ...(store.freshRevision && { freshRevision: () => store.freshRevision!() }),
    compact: revision => store.compact(revision),
    close: () => store.close(),
    ...over,
  }
}
