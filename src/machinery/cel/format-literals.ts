/** What `'%d'.format([...])` cannot print, told before it is evaluated (cel-go ext/formatting.go, its validator). */
import type { Call, Expr } from './language/ast.ts'
import type { Checked } from './language/checker.ts'
import type { Complaint } from './language/issues.ts'
import { isDyn, type Kind } from './language/type.ts'

interface Clause {
  readonly name: string
  readonly takes: string
  readonly kinds: readonly Kind[]
}

const shownKinds: readonly Kind[] = [
  ...(['list', 'map', 'int', 'uint', 'double', 'bool', 'string'] as const),
  ...(['timestamp', 'bytes', 'duration', 'type', 'null'] as const),
]
const shownWords = 'strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps'
const hex: Clause = {
  name: 'hex',
  takes: 'integers, byte buffers, and strings',
  kinds: ['int', 'uint', 'string', 'bytes'],
}

const clauses: Readonly<Record<string, Clause>> = {
  s: { name: 'string', takes: shownWords, kinds: shownKinds },
  d: { name: 'decimal', takes: 'integers', kinds: ['int', 'uint'] },
  // Texts may be those of what is no number.
  f: { name: 'fixed-point', takes: 'doubles', kinds: ['double', 'string'] },
  e: { name: 'scientific', takes: 'doubles', kinds: ['double', 'string'] },
  b: { name: 'binary', takes: 'integers and bools', kinds: ['int', 'uint', 'bool'] },
  x: hex,
  X: hex,
  o: { name: 'octal', takes: 'integers', kinds: ['int', 'uint'] },
}

const percent = /%(?:(%)|(\.\d*)?(.?))/gsu

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
  const unreadable = (why: string) => ({ at, message: `could not parse formatting clause: ${why}` })
  if (verb === '')
    return unreadable('error while parsing precision: could not find end of precision specifier')
  if (precision === '.')
    return unreadable(
      'error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax',
    )
  const clause = Object.hasOwn(clauses, verb) ? clauses[verb] : undefined
  if (!clause) return unreadable(`unrecognized formatting clause "${verb}"`)
  const wrong = verb === 's' ? unshown(item, checked) : misfit(item, clause, checked)
  if (!wrong) return undefined
  const found = checked.typeOf(wrong).name
  const words = `${clause.name} clause can only be used on ${clause.takes}, was given ${found}`
  return { at: wrong.at, message: `error during formatting: ${words}` }
}

function misfit(item: Expr, { kinds }: Clause, checked: Checked): Expr | undefined {
  const type = checked.typeOf(item)
  return isDyn(type) || kinds.includes(type.kind) ? undefined : item
}

/** What of a value `%s` cannot show: the value, or what stands in a literal list or map. */
function unshown(item: Expr, checked: Checked): Expr | undefined {
  if (misfit(item, clauses.s!, checked)) return item
  if (item.kind !== 'list' && item.kind !== 'map') return undefined
  const members = item.kind === 'list' ? item.items : item.entries.flatMap(({ key, value }) => [key, value])
  for (const member of members) {
    const wrong = unshown(member, checked)
    if (wrong) return wrong
  }
  return undefined
}
