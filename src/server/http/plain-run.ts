import { KeptLimit } from '../../std/kept.ts'
import type { Servable } from '../context.ts'
import { memo } from '../rest/memo.ts'
import type { ListForm } from './list-forms.ts'

type Run = readonly Servable[]

interface Kept {
  readonly stamp: number
  readonly bytes: Uint8Array
}

const bytesMax = 16 << 20
const limit = new KeptLimit(bytesMax)
const kept = new WeakMap<Run, Map<string, Kept>>()

/** Whether lists of so many bytes are worth keeping: of longer ones the start would be gone before it is asked for again. */
export const fitsPlain = (bytes: number) => bytes <= bytesMax / 2

/**
 * The items of a run as they are sent to clients that take no gzip. The next list in the same form finds them made:
 * the last 16 MB of all, until the server comes to rest.
 */
export function plainRun(form: ListForm, run: Run, isFirst: boolean): Uint8Array {
  const { keptAs } = form
  if (!keptAs) return form.items(run, isFirst)
  const { key, stamp, slack } = keptAs
  const forms = memo(kept, run, () => new Map<string, Kept>())
  const name = isFirst ? `${key} first` : key
  const known = forms.get(name)
  if (known && Math.abs(known.stamp - stamp) <= slack) return known.bytes
  const bytes = form.items(run, isFirst)
  limit.keep(forms, name, { stamp, bytes }, bytes.length)
  return bytes
}
