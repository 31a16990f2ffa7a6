import { CasError, type Write } from '../store.ts'
import type { Change } from '../versioned-map.ts'
import { type IndexEntry, stepBytes } from './load-index.ts'

export interface WriteRequest {
  readonly write: Write
  readonly resolve: (result: { revision: number }) => void
  readonly reject: (error: unknown) => void
}

export interface StagedWrite {
  readonly request: WriteRequest
  readonly change: Change<IndexEntry>
}

export interface StagedBatch {
  readonly writes: readonly StagedWrite[]
  readonly refused: readonly { readonly request: WriteRequest; readonly error: CasError }[]
}

/** Checks queued writes one after the other, each against what those before it would leave, and numbers them. */
export function stageWrites(
  requests: readonly WriteRequest[],
  current: (key: string) => IndexEntry | undefined,
  nextRevision: () => number,
): StagedBatch {
  const staged = new Map<string, IndexEntry | undefined>()
  const writes: StagedWrite[] = []
  const refused: { request: WriteRequest; error: CasError }[] = []
  for (const request of requests) {
    const { key, value, expected } = request.write
    const previous = staged.has(key) ? staged.get(key) : current(key)
    const actual = previous?.modRevision ?? 0
    if (actual !== expected || (!value && !previous)) {
      refused.push({ request, error: new CasError(key, actual) })
      continue
    }
    const change = toChange(request.write, previous, nextRevision())
    staged.set(key, change.current)
    writes.push({ request, change })
  }
  return { writes, refused }
}

function toChange(
  { key, value }: Write,
  previous: IndexEntry | undefined,
  revision: number,
): Change<IndexEntry> {
  const createRevision = previous?.createRevision ?? revision
  const current = value && { key, createRevision, modRevision: revision, value: undefined }
  return { key, revision, current, previous, bytes: stepBytes }
}
