/** The operators of the language (cel-go common/stdlib). */
import { CelError } from '../language/errors.ts'
import { durationOf, timestampOf } from '../language/time.ts'
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
  type Duration,
  equalValues,
  GrownList,
  isList,
  isMapValue,
  type ListValue,
  type MapValue,
  type Timestamp,
  typeNameOf,
  Uint,
  type Value,
} from '../language/value.ts'
import { type Functions, global } from './declare.ts'

const a = paramType('A')
const b = paramType('B')
const listOfA = listOf(a)
const mapOfAB = mapOf(a, b)
const intMin = -0x8000_0000_0000_0000n
const intMax = 0x7fff_ffff_ffff_ffffn
const uintMax = 0xffff_ffff_ffff_ffffn

function int(value: bigint): bigint {
  if (value < intMin || value > intMax) throw new CelError('integer overflow')
  return value
}

function uint(value: bigint): Uint {
  if (value < 0n || value > uintMax) throw new CelError('unsigned integer overflow')
  return new Uint(value)
}

const same = (id: string, type: Type, run: Parameters<typeof global>[3]) =>
  global(id, [type, type], type, run)

const add = [
  same('add_bytes', bytesType, (x: Uint8Array, y: Uint8Array) => Buffer.concat([x, y])),
  same('add_double', doubleType, (x: number, y: number) => x + y),
  same('add_duration_duration', durationType, (x: Duration, y: Duration) => durationOf(x.ns + y.ns)),
  global(
    'add_duration_timestamp',
    [durationType, timestampType],
    timestampType,
    (x: Duration, y: Timestamp) => timestampOf(x.ns + y.ns),
  ),
  global(
    'add_timestamp_duration',
    [timestampType, durationType],
    timestampType,
    (x: Timestamp, y: Duration) => timestampOf(x.ns + y.ns),
  ),
  same('add_int64', intType, (x: bigint, y: bigint) => int(x + y)),
  same('add_list', listOfA, GrownList.of),
  same('add_string', stringType, (x: string, y: string) => x + y),
  same('add_uint64', uintType, (x: Uint, y: Uint) => uint(x.value + y.value)),
]

const subtract = [
  same('subtract_double', doubleType, (x: number, y: number) => x - y),
  same('subtract_duration_duration', durationType, (x: Duration, y: Duration) => durationOf(x.ns - y.ns)),
  same('subtract_int64', intType, (x: bigint, y: bigint) => int(x - y)),
  global(
    'subtract_timestamp_duration',
    [timestampType, durationType],
    timestampType,
    (x: Timestamp, y: Duration) => timestampOf(x.ns - y.ns),
  ),
  global(
    'subtract_timestamp_timestamp',
    [timestampType, timestampType],
    durationType,
    (x: Timestamp, y: Timestamp) => durationOf(x.ns - y.ns),
  ),
  same('subtract_uint64', uintType, (x: Uint, y: Uint) => uint(x.value - y.value)),
]

function divisor(value: bigint, verb: 'division' | 'modulus'): bigint {
  if (value === 0n) throw new CelError(`${verb} by zero`)
  return value
}

const arithmetic: Functions = {
  '_+_': add,
  '_-_': subtract,
  '_*_': [
    same('multiply_double', doubleType, (x: number, y: number) => x * y),
    same('multiply_int64', intType, (x: bigint, y: bigint) => int(x * y)),
    same('multiply_uint64', uintType, (x: Uint, y: Uint) => uint(x.value * y.value)),
  ],
  '_/_': [
    same('divide_double', doubleType, (x: number, y: number) => x / y),
    same('divide_int64', intType, (x: bigint, y: bigint) => int(x / divisor(y, 'division'))),
    same('divide_uint64', uintType, (x: Uint, y: Uint) => uint(x.value / divisor(y.value, 'division'))),
  ],
  '_%_': [
    same('modulo_int64', intType, (x: bigint, y: bigint) => int(x % divisor(y, 'modulus'))),
    same('modulo_uint64', uintType, (x: Uint, y: Uint) => uint(x.value % divisor(y.value, 'modulus'))),
  ],
  '-_': [
    global('negate_double', [doubleType], doubleType, (x: number) => -x),
    global('negate_int64', [intType], intType, (x: bigint) => int(-x)),
  ],
  '!_': [global('logical_not', [boolType], boolType, (x: boolean) => !x)],
}

/** Pairs of types that are ordered, with the ending of the overload's name. */
const ordered: readonly (readonly [string, Type, Type])[] = [
  ['bool', boolType, boolType],
  ['int64', intType, intType],
  ['int64_double', intType, doubleType],
  ['int64_uint64', intType, uintType],
  ['uint64', uintType, uintType],
  ['uint64_double', uintType, doubleType],
  ['uint64_int64', uintType, intType],
  ['double', doubleType, doubleType],
  ['double_int64', doubleType, intType],
  ['double_uint64', doubleType, uintType],
  ['string', stringType, stringType],
  ['bytes', bytesType, bytesType],
  ['timestamp', timestampType, timestampType],
  ['duration', durationType, durationType],
]

function relation(name: string, holds: (order: number) => boolean) {
  return ordered.map(([types, left, right]) =>
    global(`${name}_${types}`, [left, right], boolType, (x: Value, y: Value) => holds(compareValues(x, y))),
  )
}

const relations: Functions = {
  '_<_': relation('less', order => order < 0),
  '_<=_': relation('less_equals', order => order <= 0),
  '_>_': relation('greater', order => order > 0),
  '_>=_': relation('greater_equals', order => order >= 0),
  '_==_': [global('equals', [a, a], boolType, equalValues)],
  '_!=_': [global('not_equals', [a, a], boolType, (x: Value, y: Value) => !equalValues(x, y))],
}

/** Operators that the evaluator carries out itself, so that it need not evaluate all that they are given. */
const control: Functions = {
  '_&&_': [global('logical_and', [boolType, boolType], boolType)],
  '_||_': [global('logical_or', [boolType, boolType], boolType)],
  '_?_:_': [global('conditional', [boolType, a, a], a)],
  '@not_strictly_false': [global('not_strictly_false', [boolType], boolType)],
}

const aggregates: Functions = {
  '_[_]': [
    global('index_list', [listOfA, intType], a, indexOf),
    global('index_map', [mapOfAB, a], b, indexOf),
  ],
  '@in': [
    global('in_list', [a, listOfA], boolType, isIn),
    global('in_map', [a, mapOfAB], boolType, (key: Value, map: MapValue) => map.get(key) !== undefined),
  ],
}

function isIn(value: Value, list: ListValue): boolean {
  for (const item of list) if (equalValues(value, item)) return true
  return false
}

/** `value[index]`. Throws for what is not there. */
export function indexOf(value: Value, index: Value): Value {
  if (isMapValue(value)) {
    const found = value.get(index)
    if (found === undefined) throw noSuchKey(index)
    return found
  }
  if (!isList(value)) throw noSuchKey(index)
  const at = listIndex(index)
  if (at < 0 || at >= value.length) throw new CelError(`index out of bounds: ${at}`)
  return value.at(at)!
}

function listIndex(index: Value): number {
  if (typeof index === 'bigint') return Number(index)
  if (index instanceof Uint) return Number(index.value)
  if (typeof index === 'number' && Number.isInteger(index)) return index
  if (typeof index === 'number') throw new CelError(`unsupported index value ${index} in list`)
  throw new CelError(`unsupported index type '${typeNameOf(index)}' in list`)
}

/** A map or structure has no such member. */
export function noSuchKey(key: Value): CelError {
  const shown = key instanceof Uint ? key.value : key
  return new CelError(`no such key: ${String(shown)}`)
}

export const operators: Functions = { ...arithmetic, ...relations, ...control, ...aggregates }
