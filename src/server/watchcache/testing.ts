import { layerOver } from '../../storage/layer.ts'
import { CompactedError, type Store } from '../../storage/store.ts'

/** A store whose watch can lose its history, and that others write. */
export function forgetful(store: Store) {
  let lose = () => {}
  let isAway = false
  const layer = layerOver(store, {
    freshRevision: async () => store.revision(),
    compactedRevision: () => (isAway ? store.revision() : store.compactedRevision()),
    watch(prefix, from, sink, signal) {
      const inner = new AbortController()
      const lost = Promise.withResolvers<void>()
      lose = () => {
        isAway = true
        inner.abort()
        lost.reject(new CompactedError(store.revision()))
      }
      isAway = false
      const watching = store.watch(prefix, from, sink, AbortSignal.any([inner.signal, signal]))
      return Promise.race([lost.promise, watching.then(() => (isAway ? lost.promise : undefined))])
    },
  })
  return { layer, lose: () => lose() }
}
