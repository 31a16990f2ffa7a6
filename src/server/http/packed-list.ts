import { runSteps, type Steps } from '../../std/turns.ts'
import type { ListResult, Servable } from '../context.ts'
import { memo } from '../rest/memo.ts'
import { type Deflated, deflateSteps, gzipOf, stored } from './gzip-pieces.ts'
import type { ListForm } from './list-forms.ts'

type Run = readonly Servable[]

interface Kept {
  readonly stamp: number
  readonly piece: Deflated
}

const kept = new WeakMap<Run, Map<string, Kept>>()

/** The items of a run, compressed; once for all lists in which the form says that they are the same. */
export function* deflatedRun({ keptAs, items }: ListForm, run: Run, isFirst: boolean): Steps<Deflated> {
  if (!keptAs) return yield* deflateSteps(items(run, isFirst))
  const forms = memo(kept, run, () => new Map<string, Kept>())
  const key = isFirst ? `${keptAs.key} first` : keptAs.key
  const known = forms.get(key)
  if (known && Math.abs(known.stamp - keptAs.stamp) <= keptAs.slack) return known.piece
  const piece = yield* deflateSteps(items(run, isFirst))
  forms.set(key, { stamp: keptAs.stamp, piece })
  return piece
}

/** All of a list as gzip: what stands around the items, which is never the same, costs no compressing. */
export function packedPieces(form: ListForm, list: ListResult, items: readonly Deflated[]): Deflated[] {
  const length = items.reduce((sum, piece) => sum + piece.length, 0)
  const { head, tail } = form.frame(countOf(list), length)
  return [stored(head), ...items, stored(tail)]
}

/** Looks at `items` only where there are no runs: it is made of them when asked for. */
function countOf(list: ListResult): number {
  return list.runs?.reduce((sum, run) => sum + run.length, 0) ?? list.items.length
}

/**
 * A list as gzip at once, put together from runs that stay compressed. Undefined where that does not pay: less than
 * about `bytesMin`, nothing that could be kept, or a list that lies in no runs.
 */
export function gzipList(form: ListForm, list: ListResult, bytesMin: number): Uint8Array | undefined {
  const { runs } = list
  if (!runs || !form.keptAs || storedSize(runs) < bytesMin / 2) return undefined
  const items = runs.map((run, index) => runSteps(deflatedRun(form, run, index === 0)))
  const pieces = packedPieces(form, list, items)
  // A table may be much less than what it is made of.
  return pieces.reduce((sum, { length }) => sum + length, 0) > bytesMin ? gzipOf(pieces) : undefined
}

function storedSize(runs: readonly Run[]): number {
  let bytes = 0
  for (const run of runs) for (const { storedBytes } of run) bytes += storedBytes ?? 0
  return bytes
}
