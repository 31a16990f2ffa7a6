/** Lists and sets: apiserver pkg/cel/library/lists.go, cel-go ext.Lists version 3, ext.Sets, ext.TwoVarComprehensions. */
import { CelError } from '../language/errors.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  intType,
  listOf,
  mapOf,
  paramType,
  stringType,
  type Type,
  timestampType,
  uintType,
} from '../language/type.ts'
import {
  compareValues,
  Duration,
  equalValues,
  isList,
  isMapValue,
  type ListValue,
  LiteralMap,
  type MapValue,
  Uint,
  type Value,
} from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'
import { operators } from './operators.ts'

const a = paramType('T')
const b = paramType('B')
const list = listOf(a)

const summable: Readonly<Record<string, readonly [Type, Value]>> = {
  int: [intType, 0n],
  uint: [uintType, new Uint(0n)],
  double: [doubleType, 0],
  duration: [durationType, new Duration(0n)],
}
const comparable: Readonly<Record<string, Type>> = {
  int: intType,
  uint: uintType,
  double: doubleType,
  bool: boolType,
  duration: durationType,
  timestamp: timestampType,
  string: stringType,
  bytes: bytesType,
}

function adder(type: Type): (x: Value, y: Value) => Value {
  return operators['_+_']!.find(({ args }) => args.every(arg => arg === type))!.run!
}

function best(name: string, isBetter: (order: number) => boolean) {
  return (values: ListValue): Value => {
    if (values.length === 0) throw new CelError(`${name} called on empty list`)
    let found: Value = values.at(0)!
    for (const value of values) if (isBetter(compareValues(value, found))) found = value
    return found
  }
}

function isSorted(values: ListValue): boolean {
  for (let index = 1; index < values.length; index++) {
    if (compareValues(values.at(index - 1)!, values.at(index)!) > 0) return false
  }
  return true
}

const kubernetes: Functions = {
  isSorted: Object.entries(comparable).map(([name, type]) =>
    member(`list_${name}_is_sorted_bool`, [listOf(type)], boolType, isSorted),
  ),
  sum: Object.entries(summable).map(([name, [type, zero]]) => {
    const add = adder(type)
    const total = (values: ListValue): Value => {
      let sum = zero
      for (const value of values) sum = add(sum, value)
      return sum
    }
    return member(`list_${name}_sum_${name}`, [listOf(type)], type, total)
  }),
  max: Object.entries(comparable).map(([name, type]) =>
    member(
      `list_${name}_max_${name}`,
      [listOf(type)],
      type,
      best('max', order => order > 0),
    ),
  ),
  min: Object.entries(comparable).map(([name, type]) =>
    member(
      `list_${name}_min_${name}`,
      [listOf(type)],
      type,
      best('min', order => order < 0),
    ),
  ),
  indexOf: [
    member('list_a_index_of_int', [list, a], intType, (values: ListValue, wanted: Value) =>
      BigInt([...values].findIndex(value => equalValues(value, wanted))),
    ),
  ],
  lastIndexOf: [
    member('list_a_last_index_of_int', [list, a], intType, (values: ListValue, wanted: Value) =>
      BigInt([...values].findLastIndex(value => equalValues(value, wanted))),
    ),
  ],
}

function slice(values: ListValue, start: bigint, end: bigint): ListValue {
  const length = BigInt(values.length)
  if (start < 0n || end < 0n)
    throw new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`)
  if (start > end)
    throw new CelError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`)
  if (length < end) throw new CelError(`cannot slice(${start}, ${end}), list is length ${length}`)
  return [...values].slice(Number(start), Number(end))
}

function flatten(values: ListValue, depth = 1n): ListValue {
  if (depth < 0n) throw new CelError('level must be non-negative')
  return [...values].flatMap(value => {
    if (!isList(value) || depth === 0n) return [value]
    return [...flatten(value, depth - 1n)]
  })
}

function sortBy(values: ListValue, keys: ListValue): ListValue {
  if (values.length !== keys.length)
    throw new CelError(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${values.length} and ${keys.length} elements respectively`,
    )
  const pairs = [...values].map((value, index) => [keys.at(index)!, value] as const)
  if (new Set(pairs.map(([key]) => typeof key)).size > 1)
    throw new CelError('list elements must have the same type')
  return pairs.toSorted(([x], [y]) => compareValues(x, y)).map(([, value]) => value)
}

const rangeMax = 1_000_000n

function range(count: bigint): Value {
  if (count > rangeMax) throw new CelError(`list of ${count} elements is too large`)
  return Array.from({ length: Number(count < 0n ? 0n : count) }, (_, index) => BigInt(index))
}

function distinct(values: ListValue): ListValue {
  const found: Value[] = []
  for (const value of values) if (!found.some(other => equalValues(other, value))) found.push(value)
  return found
}

const extended: Functions = {
  slice: [member('list_slice', [list, intType, intType], list, slice)],
  flatten: [
    member('list_flatten', [listOf(list)], list, flatten),
    member(
      'list_flatten_int',
      [listOf({ kind: 'dyn', name: 'dyn', params: [] }), intType],
      listOf({ kind: 'dyn', name: 'dyn', params: [] }),
      flatten,
    ),
  ],
  sort: Object.entries(comparable).map(([name, type]) =>
    member(`list_${name}_sort`, [listOf(type)], listOf(type), (values: ListValue) => sortBy(values, values)),
  ),
  '@sortByAssociatedKeys': Object.entries(comparable).map(([name, type]) =>
    member(`list_${name}_sortByAssociatedKeys`, [list, listOf(type)], list, sortBy),
  ),
  'lists.range': [global('lists_range', [intType], listOf(intType), range)],
  reverse: [member('list_reverse', [list], list, (values: ListValue) => [...values].toReversed())],
  distinct: [member('list_distinct', [list], list, distinct)],
}

function holdsAll(values: ListValue, wanted: ListValue): boolean {
  return [...wanted].every(item => [...values].some(value => equalValues(value, item)))
}

const sets: Functions = {
  'sets.contains': [global('list_sets_contains_list', [list, list], boolType, holdsAll)],
  'sets.equivalent': [
    global(
      'list_sets_equivalent_list',
      [list, list],
      boolType,
      (x: ListValue, y: ListValue) => holdsAll(x, y) && holdsAll(y, x),
    ),
  ],
  'sets.intersects': [
    global('list_sets_intersects_list', [list, list], boolType, (x: ListValue, y: ListValue) =>
      [...x].some(value => [...y].some(other => equalValues(value, other))),
    ),
  ],
}

function insert(map: MapValue, pairs: Iterable<readonly [Value, Value]>): MapValue {
  const made = new LiteralMap(Array.from(map.keys(), key => [key, map.get(key)!] as const))
  for (const [key, value] of pairs) {
    if (!made.insert(key, value)) throw new CelError(`insert failed: key ${String(key)} already exists`)
  }
  return made
}

const map = mapOf(a, b)

const comprehensions: Functions = {
  'cel.@mapInsert': [
    global('@mapInsert_map_key_value', [map, a, b], map, (target: MapValue, key: Value, value: Value) =>
      insert(target, [[key, value]]),
    ),
    global('@mapInsert_map_map', [map, map], map, (target: MapValue, more: Value) => {
      if (!isMapValue(more)) throw new CelError('no such overload')
      return insert(
        target,
        Array.from(more.keys(), key => [key, more.get(key)!] as const),
      )
    }),
  ],
}

export const lists: Functions = { ...kubernetes, ...extended, ...sets, ...comprehensions }
