/** What a call may cost and how large its result may be (cel-go checker/cost.go, ext.Lists, ext.Sets; apiserver pkg/cel/library/cost.go). */
import type { Expr } from './ast.ts'
import {
  checkCost,
  listBaseCost,
  listWalks,
  nominal,
  parsing,
  regexFactor,
  selectorFactor,
  structBaseCost,
  textWalks,
  traversalFactor,
} from './cost.ts'
import { exactly, plus, type Range, scaled, times, union } from './range.ts'
import { isSameType, type Type } from './type.ts'

/** An operand of a call. */
export interface Operand {
  readonly expr: Expr
  readonly type: Type
  readonly size: Range
}

export interface CallShape {
  readonly name: string
  readonly overload: string
  readonly target: Operand | undefined
  readonly args: readonly Operand[]
  /** The size of the items of a list. */
  itemSize(list: Operand): Range
}

export interface CallEstimate {
  /** Without the operands. */
  readonly cost: Range
  readonly size?: Range
}

type Estimator = (call: CallShape) => CallEstimate | undefined

const one: CallEstimate = { cost: exactly(1) }
const walk = (size: Range, factor = traversalFactor): CallEstimate => ({ cost: scaled(size, factor) })

const first = ({ args: [argument] }: CallShape) => argument
const firstWalk =
  (factor?: number): Estimator =>
  call => {
    const argument = first(call)
    return argument && walk(argument.size, factor)
  }

const textKinds: ReadonlySet<string> = new Set(['string', 'bytes'])

/** Lists are compared item by item, texts in lists by their length. */
const listWalk: Estimator = call => {
  const { target } = call
  if (!target) return undefined
  const [item] = target.type.params
  if (!item) return walk(target.size)
  const more = textKinds.has(item.kind) ? scaled(call.itemSize(target), traversalFactor) : exactly(0)
  return { cost: times(target.size, plus(exactly(1), more)) }
}

const textWalk: Estimator = call => {
  const { target } = call
  const of = call.name === 'url' || call.name === 'jsonpatch.escapeKey' ? first(call) : target
  return of && { ...walk(of.size), size: of.size }
}

const selector: Estimator = call => {
  const argument = first(call)
  if (!argument) return undefined
  const requirements = scaled(scaled(argument.size, selectorFactor), listBaseCost + structBaseCost)
  return { cost: plus(exactly(listBaseCost), scaled(argument.size, traversalFactor), requirements) }
}

const replace: Estimator = ({ target, args: [from, to] }) => {
  if (!target || !from || !to) return undefined
  const { size } = target
  const longest = replacedLength(size.max, {
    from: from.size.min,
    to: to.size.max,
    keeps: to.size.max <= from.size.min,
  })
  const shortest = replacedLength(size.min, {
    from: from.size.max,
    to: to.size.min,
    keeps: from.size.max <= to.size.min,
  })
  return { ...walk(size, 2 * traversalFactor), size: { min: shortest, max: longest } }
}

interface Replacement {
  readonly from: number
  readonly to: number
  /** The result is as long as the text; upstream counts the replacements of its other end as none. */
  readonly keeps: boolean
}

function replacedLength(length: number, { from, to, keeps }: Replacement): number {
  if (from === 0) return (length + 1) * to + length
  return keeps ? length : Math.ceil(length / from) * to
}

const split: Estimator = ({ target, args: [, limit] }) => {
  if (!target) return undefined
  const given =
    limit?.expr.kind === 'const' && typeof limit.expr.value === 'bigint'
      ? Number(limit.expr.value)
      : undefined
  return { ...walk(target.size, 2 * traversalFactor), size: { min: 0, max: given ?? target.size.max } }
}

const join: Estimator = call => {
  const { target } = call
  if (!target) return undefined
  const items = target.type.params.length > 0 ? times(target.size, call.itemSize(target)) : exactly(0)
  const gaps = { min: Math.max(0, target.size.min - 1), max: Math.max(0, target.size.max - 1) }
  const separator = first(call)
  const size = separator ? plus(items, times(separator.size, gaps)) : items
  return { ...walk(size), size }
}

/** One is added so that an empty text with an expensive pattern is not free. */
function matchRange(text: Range, pattern: Range): Range {
  return times(scaled(plus(text, exactly(1)), traversalFactor), scaled(pattern, regexFactor))
}

const find: Estimator = ({ target, args: [pattern] }) =>
  target && pattern && { cost: matchRange(target.size, pattern.size), size: { min: 0, max: target.size.max } }

/** Of IPv4 and IPv6. */
const addressBytes: Range = { min: 4, max: 16 }
const addressComparison = scaled(plus(addressBytes, addressBytes), traversalFactor)

const contains =
  (base: Range, textOverload: string): Estimator =>
  call => {
    const argument = first(call)
    if (!argument) return undefined
    const parsed = call.overload === textOverload ? scaled(argument.size, traversalFactor) : exactly(0)
    return { cost: plus(base, parsed) }
  }

const formatRegexMax = 128
const formatBytesMax = 64

const byName: Readonly<Record<string, Estimator>> = {
  check: () => ({ cost: exactly(checkCost) }),
  fieldSelector: selector,
  labelSelector: selector,
  replace,
  split,
  join,
  find,
  findAll: find,
  ip: call => (call.overload === 'cidr_ip' ? one : firstWalk()(call)),
  'ip.isCanonical': firstWalk(2 * traversalFactor),
  containsIP: contains(addressComparison, 'cidr_contains_ip_string'),
  containsCIDR: contains(
    plus(addressComparison, scaled(addressBytes, traversalFactor), exactly(1)),
    'cidr_contains_cidr_string',
  ),
  validate(call) {
    const argument = first(call)
    return argument && { cost: scaled(scaled(argument.size, traversalFactor), formatRegexMax * regexFactor) }
  },
}

const allocating = (size: Range, factor: number): CallEstimate => ({
  cost: plus(scaled(size, factor), exactly(1), exactly(listBaseCost)),
  size,
})

function literalOr({ expr }: Operand, otherwise: number): number {
  if (expr.kind !== 'const' || typeof expr.value !== 'bigint') return otherwise
  return Math.max(0, Number(expr.value))
}

const unbounded = 2 ** 64

const sorting = (list: Operand | undefined, { overload }: CallShape): CallEstimate | undefined => {
  const isText = /^list_(string|bytes)_/.test(overload)
  return list && allocating(times(list.size, list.size), 2 + (isText ? traversalFactor : 0))
}

const sets =
  (factor: number): Estimator =>
  ({ args: [a, b] }) =>
    a && b && { cost: plus(scaled(times(a.size, b.size), factor), exactly(1)) }

const lists: Readonly<Record<string, Estimator>> = {
  list_slice({ target, args: [start, end] }) {
    if (!target || !start || !end) return undefined
    return allocating(exactly(literalOr(end, target.size.max) - literalOr(start, 0)), 1)
  },
  list_flatten: ({ target }) => target && allocating(target.size, 1),
  list_flatten_int: ({ target, args: [depth] }) =>
    target && depth && allocating(target.size, literalOr(depth, unbounded)),
  lists_range: ({ args: [count] }) => count && allocating(exactly(literalOr(count, unbounded)), 1),
  list_reverse: ({ target }) => target && allocating(target.size, 1),
  list_distinct: ({ target }) => target && allocating(times(target.size, target.size), 2),
  list_sets_contains_list: sets(1),
  list_sets_intersects_list: sets(1),
  list_sets_equivalent_list: sets(2),
}

const compared: Estimator = ({ args: [a, b] }) => {
  if (!a || !b) return undefined
  const max = Math.min(a.size.max, b.size.max)
  return { cost: scaled({ min: max > 0 ? 1 : 0, max }, traversalFactor) }
}

/** What the library's own types cost to compare; all others are as long as they are. */
function ownEquality({ kind, name }: Type): CallEstimate | undefined {
  if (name === 'kubernetes.NamedFormat')
    return { cost: scaled({ min: 1, max: formatBytesMax }, traversalFactor) }
  if (kind === 'struct' && name.startsWith('kubernetes.')) return one
  return kind === 'opaque' && /^net\.(IP|CIDR)$/.test(name) ? one : undefined
}

const equals: Estimator = call => {
  const {
    args: [a, b],
  } = call
  const own = a && b && isSameType(a.type, b.type) ? ownEquality(a.type) : undefined
  return own ?? compared(call)
}

const joined: Estimator = ({ args: [a, b] }) => {
  if (!a || !b) return undefined
  const size = plus(a.size, b.size)
  return { cost: scaled(size, traversalFactor), size }
}

const converted =
  (toSize: (size: Range) => Range): Estimator =>
  call => {
    const argument = first(call)
    return argument && { ...walk(argument.size), size: toSize(argument.size) }
  }

const matches: Estimator = ({ target, args: [pattern] }) =>
  target && pattern && { cost: matchRange(target.size, pattern.size) }

const byOverload: Readonly<Record<string, Estimator>> = {
  ...lists,
  string_format: ({ target }) => target && walk(target.size),
  string_to_bytes: converted(({ min, max }) => ({ min, max: max * 4 })),
  bytes_to_string: converted(({ min, max }) => ({ min: Math.floor(min / 4), max })),
  strings_quote: converted(({ min, max }) => ({ min: min + 2, max: max * 2 + 2 })),
  starts_with_string: firstWalk(),
  ends_with_string: firstWalk(),
  in_list: ({ args: [, list] }) => list && { cost: list.size },
  matches_string: matches,
  contains_string: ({ target, args: [part] }) =>
    target &&
    part && { cost: times(scaled(target.size, traversalFactor), scaled(part.size, traversalFactor)) },
  add_string: joined,
  add_bytes: joined,
  add_list: ({ args: [a, b] }) => a && b && { ...one, size: plus(a.size, b.size) },
  less_string: compared,
  greater_string: compared,
  less_equals_string: compared,
  greater_equals_string: compared,
  less_bytes: compared,
  greater_bytes: compared,
  less_equals_bytes: compared,
  greater_equals_bytes: compared,
  equals,
  not_equals: compared,
  conditional: ({ args: [, a, b] }) => a && b && { cost: exactly(0), size: union(a.size, b.size) },
}

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

/** What one overload of a call may cost, without its operands. */
export function estimateCall(call: CallShape): CallEstimate {
  const { name, overload } = call
  const list = own(lists, overload)?.(call)
  if (list) return list
  if (overload.endsWith('_sort')) return sorting(call.target, call) ?? one
  if (overload.endsWith('_sortByAssociatedKeys')) return sorting(call.args[0], call) ?? one
  if (nominal.has(name)) return one
  const named = listWalks.has(name)
    ? listWalk(call)
    : textWalks.has(name)
      ? textWalk(call)
      : parsing.has(name)
        ? firstWalk()(call)
        : own(byName, name)?.(call)
  return named ?? own(byOverload, overload)?.(call) ?? one
}
