/** What a call may cost and how large its result may be (cel-go checker/cost.go, ext.Lists, ext.Sets; apiserver pkg/cel/library/cost.go). */
import { type CallEstimate, type CallShape, type Estimator, walk } from './call-shape.ts'
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
import { lists, sorting } from './list-estimate.ts'
import { exactly, plus, type Range, scaled, times, union } from './range.ts'
import { converted, find, join, matches, replace, split } from './text-estimate.ts'
import { isSameType, type Type } from './type.ts'

const one: CallEstimate = { cost: exactly(1) }

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

/** Functions that go over a list, over a text, or over what they read. */
const walks: readonly (readonly [ReadonlySet<string>, Estimator])[] = [
  [listWalks, listWalk],
  [textWalks, textWalk],
  [parsing, firstWalk()],
]

function estimatorOf(name: string): Estimator | undefined {
  return walks.find(([names]) => names.has(name))?.[1] ?? own(byName, name)
}

/** What one overload of a call may cost, without its operands. */
export function estimateCall(call: CallShape): CallEstimate {
  const { name, overload } = call
  const list = own(lists, overload)?.(call)
  if (list) return list
  if (overload.endsWith('_sort')) return sorting(call.target, call) ?? one
  if (overload.endsWith('_sortByAssociatedKeys')) return sorting(call.args[0], call) ?? one
  if (nominal.has(name)) return one
  return estimatorOf(name)?.(call) ?? own(byOverload, overload)?.(call) ?? one
}
