import { treeFrom } from '../../std/persistent-tree.ts'
import type { Change, VersionedMap } from '../versioned-map.ts'
import type { LogMeta, ScannedRow } from './log-table.ts'

/** Where a version of a key lies. */
export interface IndexEntry {
  readonly key: string
  readonly createRevision: number
  readonly modRevision: number
  /** Only while it is not on disk: a volatile write that waits, or one that was overtaken and never gets there. */
  value: Uint8Array | undefined
}

/** What a step of history costs in memory, without values. */
export const stepBytes = 160

/**
 * Fills `index` from the rows: those up to the floor make the start, later ones its history. Rows that nobody can ask
 * for (superseded at or below the floor) go to `discard`. After an unclean stop everything up to the ceiling counts
 * as gone: volatile writes up to there may have been seen and lost.
 */
export function loadIndex(
  index: VersionedMap<IndexEntry>,
  rows: Iterable<ScannedRow>,
  { floor, ceiling }: LogMeta,
  discard: (revision: number) => void,
): void {
  const start = Math.max(floor, ceiling)
  const live = new Map<string, IndexEntry>()
  const history: ScannedRow[] = []
  for (const row of rows) {
    const [revision, key, createRevision, deleted] = row
    if (revision > start) {
      history.push(row)
      continue
    }
    const overtaken = live.get(key)
    if (overtaken) discard(overtaken.modRevision)
    if (deleted) discard(revision)
    if (deleted) live.delete(key)
    else live.set(key, { key, createRevision, modRevision: revision, value: undefined })
  }
  index.load(treeFrom(live.values()), start)
  for (const row of history) index.apply(toChange(row, index.get(row[1])))
}

function toChange(
  [revision, key, createRevision, deleted]: ScannedRow,
  previous: IndexEntry | undefined,
): Change<IndexEntry> {
  const current = deleted ? undefined : { key, createRevision, modRevision: revision, value: undefined }
  return { key, revision, current, previous, bytes: stepBytes }
}
