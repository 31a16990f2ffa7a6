/** What `'%d'.format([...])` cannot print, told before it is evaluated (cel-go ext/formatting.go, its validator). */
import type { Call, Expr } from './language/ast.ts'
import type { Checked } from './language/checker.ts'
import type { Complaint } from './language/issues.ts'
import { isDyn, type Kind } from './language/type.ts'
import { percent, refusal, unreadable } from './library/format-clauses.ts'

const whole: readonly Kind[] = ['int', 'uint']
// Texts may be those of what is no number.
const real: readonly Kind[] = ['double', 'string']
const bytes: readonly Kind[] = [...whole, 'string', 'bytes']

/** What each verb takes. */
const kindsOf: Readonly<Record<string, readonly Kind[]>> = {
  s: [
    ...(['list', 'map', 'int', 'uint', 'double', 'bool', 'string'] as const),
    ...(['timestamp', 'bytes', 'duration', 'type', 'null'] as const),
  ],
  d: whole,
  f: real,
  e: real,
  b: [...whole, 'bool'],
  x: bytes,
  X: bytes,
  o: whole,
}

/** The first complaint about a call of `format` on a literal with a literal list; none where it is something else. */
export function formatComplaints(call: Call, checked: Checked): readonly Complaint[] {
  const { target, args, name, at } = call
  const [list] = args
  if (name !== 'format' || target?.kind !== 'const' || typeof target.value !== 'string') return []
  if (list?.kind !== 'list' || args.length !== 1) return []
  let next = 0
  for (const [, escaped, precision, verb = ''] of target.value.matchAll(percent)) {
    if (escaped !== undefined) continue
    const index = next++
    if (verb === '' && precision === undefined) return [{ at, message: 'unexpected end of string' }]
    const item = list.items[index]
    if (!item) return [{ at, message: `index ${index} out of range` }]
    const complaint = clauseComplaint({ precision, verb, at }, item, checked)
    if (complaint) return [complaint]
  }
  const given = list.items.length
  if (given <= next) return []
  const message = `too many arguments supplied to string.format (expected ${next}, got ${given})`
  return [{ at, message }]
}

interface Read {
  readonly precision: string | undefined
  readonly verb: string
  readonly at: number
}

function clauseComplaint({ precision, verb, at }: Read, item: Expr, checked: Checked): Complaint | undefined {
  const why = unreadable(precision, verb)
  if (why) return { at, message: why }
  const wrong = verb === 's' ? unshown(item, checked) : misfit(item, verb, checked)
  return wrong && { at: wrong.at, message: refusal(verb, checked.typeOf(wrong).name) }
}

function misfit(item: Expr, verb: string, checked: Checked): Expr | undefined {
  const type = checked.typeOf(item)
  return isDyn(type) || kindsOf[verb]?.includes(type.kind) ? undefined : item
}

/** What of a value `%s` cannot show: the value, or what stands in a literal list or map. */
function unshown(item: Expr, checked: Checked): Expr | undefined {
  if (misfit(item, 's', checked)) return item
  if (item.kind !== 'list' && item.kind !== 'map') return undefined
  const members = item.kind === 'list' ? item.items : item.entries.flatMap(({ key, value }) => [key, value])
  for (const member of members) {
    const wrong = unshown(member, checked)
    if (wrong) return wrong
  }
  return undefined
}
