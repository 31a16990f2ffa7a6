/**
 * What a call costs when it runs (cel-go interpreter/runtimecost.go and apiserver pkg/cel/library/cost.go). The unit is one
 * step of the evaluator.
 */
import { isList, isMapValue, isStruct, sizeOf, type Value } from './value.ts'

export const traversalFactor = 0.1
export const regexFactor = 0.25
export const selectorFactor = 0.5
/** Two authorization checks are what an expression can afford. */
export const checkCost = 350_000
export const listBaseCost = 10
export const mapBaseCost = 30
export const structBaseCost = 40

export interface CallCost {
  readonly name: string
  readonly overload: string
  readonly args: readonly Value[]
  readonly result: Value
}

type Coster = (call: CallCost) => number

const one: Coster = () => 1
const traverse = (argument: number, factor = traversalFactor): Coster => {
  return ({ args }) => Math.ceil(sizeOf(args[argument] ?? null) * factor)
}

/** Names whose cost is the same for all overloads. */
export const nominal: ReadonlySet<string> = new Set(
  (
    'serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength family ' +
    'isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named sign asInteger ' +
    'isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme getHostname ' +
    'getHost getPort getEscapedPath getQuery'
  ).split(' '),
)

export const listWalks: ReadonlySet<string> = new Set('isSorted sum max min indexOf lastIndexOf'.split(' '))
export const textWalks: ReadonlySet<string> = new Set(
  'url lowerAscii upperAscii substring trim jsonpatch.escapeKey'.split(' '),
)
export const parsing: ReadonlySet<string> = new Set(
  'cidr isIP isCIDR quantity isQuantity semver isSemver'.split(' '),
)

const byName: Readonly<Record<string, Coster>> = {
  check: () => checkCost,
  fieldSelector: ({ args }) => selectorCost(sizeOf(args[1] ?? null)),
  labelSelector: ({ args }) => selectorCost(sizeOf(args[1] ?? null)),
  replace: traverse(0, 2 * traversalFactor),
  split: traverse(0, 2 * traversalFactor),
  join: ({ result }) => Math.ceil(sizeOf(result) * 2 * traversalFactor),
  find: regexCost,
  findAll: regexCost,
  ip: call => (call.overload === 'cidr_ip' ? 1 : traverse(0)(call)),
  'ip.isCanonical': traverse(0, 2 * traversalFactor),
  containsIP({ args, overload }) {
    const compared = Math.ceil(2 * sizeOf(args[0]!) * traversalFactor)
    return (
      compared + (overload === 'cidr_contains_ip_string' ? Math.ceil(sizeOf(args[1]!) * traversalFactor) : 0)
    )
  },
  containsCIDR({ args, overload }) {
    const own = sizeOf(args[0]!)
    const compared = Math.ceil(2 * own * traversalFactor) + Math.ceil(own * traversalFactor) + 1
    return (
      compared +
      (overload === 'cidr_contains_cidr_string' ? Math.ceil(sizeOf(args[1]!) * traversalFactor) : 0)
    )
  },
  validate({ args }) {
    const { maxRegexSize = 1 } = args[0] as { maxRegexSize?: number }
    return matchCost(sizeOf(args[1]!), maxRegexSize)
  },
}

function selectorCost(length: number): number {
  const requirements = Math.ceil(length * selectorFactor)
  return listBaseCost + Math.ceil(length * traversalFactor) + requirements * (listBaseCost + structBaseCost)
}

/** One is added so that an empty text with an expensive pattern is not free. */
function matchCost(text: number, pattern: number): number {
  return Math.ceil((1 + text) * traversalFactor) * Math.ceil(pattern * regexFactor)
}

function regexCost({ args }: CallCost): number {
  return matchCost(sizeOf(args[0]!), sizeOf(args[1]!))
}

function pairCost({ args: [a = null, b = null] }: CallCost): number {
  return Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * traversalFactor)
}

function sumCost({ args: [a = null, b = null] }: CallCost): number {
  return Math.ceil((sizeOf(a) + sizeOf(b)) * traversalFactor)
}

const byOverload: Readonly<Record<string, Coster>> = {
  starts_with_string: traverse(0),
  ends_with_string: traverse(0),
  string_to_bytes: traverse(0),
  bytes_to_string: traverse(0),
  strings_quote: traverse(0),
  string_format: traverse(0),
  in_list: ({ args }) => sizeOf(args[1]!),
  less_string: pairCost,
  greater_string: pairCost,
  less_equals_string: pairCost,
  greater_equals_string: pairCost,
  less_bytes: pairCost,
  greater_bytes: pairCost,
  less_equals_bytes: pairCost,
  greater_equals_bytes: pairCost,
  equals: call => (isStruct(call.args[0]) ? 1 : pairCost(call)),
  not_equals: pairCost,
  add_string: sumCost,
  add_bytes: sumCost,
  matches: regexCost,
  matches_string: regexCost,
  contains_string: ({ args: [a = null, b = null] }) =>
    Math.ceil(sizeOf(a) * traversalFactor) * Math.ceil(sizeOf(b) * traversalFactor),
}

const allocated = (count: number, factor: number) => Math.floor(count * factor) + 1 + listBaseCost

/** Every item with every other. */
const compareItems =
  (argument: number): Coster =>
  ({ args }) => {
    const list = args[argument] ?? null
    const [item] = isList(list) ? list : []
    const isText = typeof item === 'string' || item instanceof Uint8Array
    return allocated(sizeOf(list) ** 2, isText ? 2 + traversalFactor : 2)
  }

const asLongAsResult: Coster = ({ result }) => allocated(sizeOf(result), 1)
const product =
  (factor: number): Coster =>
  ({ args: [a = null, b = null] }) =>
    1 + Math.floor(sizeOf(a) * sizeOf(b) * factor)

/** Of cel-go's own libraries of lists and sets, which goes before what Kubernetes says of a name. */
const ofLists: Readonly<Record<string, Coster>> = {
  list_slice: asLongAsResult,
  list_flatten: ({ args }) => allocated(sizeOf(args[0]!), 1),
  list_flatten_int: ({ args }) => allocated(sizeOf(args[0]!), Number(args[1])),
  lists_range: asLongAsResult,
  list_reverse: asLongAsResult,
  list_distinct: compareItems(0),
  list_sets_contains_list: product(1),
  list_sets_intersects_list: product(1),
  list_sets_equivalent_list: product(2),
}

/** How calls of one overload are charged; found once per call of an expression. */
export function costerOf(name: string, overload: string): Coster {
  if (Object.hasOwn(ofLists, overload)) return ofLists[overload]!
  if (overload.endsWith('_sort')) return compareItems(0)
  if (overload.endsWith('_sortByAssociatedKeys')) return compareItems(1)
  if (nominal.has(name)) return one
  if (listWalks.has(name)) return ({ args }) => walkCost(args[0] ?? null)
  if (textWalks.has(name) || parsing.has(name)) return traverse(0)
  const named = Object.hasOwn(byName, name) ? byName[name] : undefined
  if (named) return named
  return Object.hasOwn(byOverload, overload) ? byOverload[overload]! : one
}

/** What it costs to look at everything in a value. */
function walkCost(value: Value): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * traversalFactor)
  if (value instanceof Uint8Array) return Math.floor(value.length * traversalFactor)
  let cost = 0
  if (isList(value)) for (const item of value) cost += walkCost(item)
  else if (isMapValue(value))
    for (const key of value.keys()) cost += walkCost(key) + walkCost(value.get(key)!)
  else return 1
  return cost
}
