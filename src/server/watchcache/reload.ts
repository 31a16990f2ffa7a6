import { emptyTree, type Tree, treeGet, treePut, treeScan } from '../../std/persistent-tree.ts'
import type { Store } from '../../storage/store.ts'
import { CacheChange, type CachedObject } from './cached-object.ts'
import type { HandedObjects } from './handed-objects.ts'

const pageMax = 500

/** Everything that is in the store at `revision`; what is known already is not decoded again. */
export async function readAll(
  store: Store,
  revision: number,
  known: Tree<CachedObject>,
  handed: HandedObjects,
): Promise<Tree<CachedObject>> {
  let tree = emptyTree<CachedObject>()
  let after: string | undefined
  for (;;) {
    const page = await store.range('', { revision, limit: pageMax, ...(after !== undefined && { after }) })
    for (const entry of page.entries) {
      const before = treeGet(known, entry.key)
      tree = treePut(
        tree,
        before?.revision === entry.modRevision ? before : handed.take(entry, entry.modRevision),
      )
    }
    after = page.entries.at(-1)?.key
    if (!page.more) return tree
  }
}

/**
 * What became of `before` by the time of `after`, as if it had happened at `revision`: removals first, then the rest. What
 * was made anew under the same key is both.
 */
export function differences(
  before: Tree<CachedObject>,
  after: Tree<CachedObject>,
  revision: number,
): CacheChange[] {
  const removed: CacheChange[] = []
  const written: CacheChange[] = []
  for (const previous of treeScan(before, '')) {
    const current = treeGet(after, previous.key)
    if (current?.createRevision === previous.createRevision) continue
    removed.push(new CacheChange({ key: previous.key, revision, current: undefined, previous }))
  }
  for (const current of treeScan(after, '')) {
    const found = treeGet(before, current.key)
    if (found?.revision === current.revision) continue
    const previous = found?.createRevision === current.createRevision ? found : undefined
    written.push(new CacheChange({ key: current.key, revision, current, previous }))
  }
  return [...removed, ...written]
}
