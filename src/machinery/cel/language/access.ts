/** Looking into values: members, items, optionals. */
import { indexOf, noSuchKey } from '../library/operators.ts'
import type { Literal } from './ast.ts'
import { CelError } from './errors.ts'
import {
  isList,
  isMapValue,
  isStruct,
  type MapValue,
  Optional,
  typeNameOf,
  Uint,
  type Value,
} from './value.ts'

/** Undefined for an optional entry that is not there. */
export function takeOptional(value: Value, isOptional: boolean, name: Value): Value | undefined {
  if (!isOptional) return value
  if (value instanceof Optional) return value.value
  throw new CelError(
    `cannot initialize optional entry '${String(name)}' from non-optional value ${String(value)}`,
  )
}

/** Keys of a map or items of a list; with two variables keys or indices, and values. */
export function* iterate(range: Value, isPair: boolean): Generator<readonly [Value, Value]> {
  if (isMapValue(range)) {
    for (const key of range.keys()) yield [key, isPair ? range.get(key)! : null]
    return
  }
  if (!isList(range)) throw new CelError(`got '${typeNameOf(range)}', expected iterable type`)
  let index = 0n
  for (const item of range) {
    yield isPair ? [index, item] : [item, null]
    index++
  }
}

function memberOf(value: Value, field: string): Value | undefined {
  if (isMapValue(value)) return (value as MapValue).get(field)
  if (isStruct(value) && value.field) return value.field(field)
  if (isList(value)) throw new CelError("unsupported index type 'string' in list")
  return undefined
}

export function selectField(value: Value, field: string): Value {
  if (value instanceof Optional) {
    if (value.value === undefined) return value
    if (!isMapValue(value.value) && !isStruct(value.value)) throw noSuchKey(field)
    const inner = memberOf(value.value, field)
    return inner === undefined ? Optional.none : Optional.of(inner)
  }
  const found = memberOf(value, field)
  if (found === undefined) throw noSuchKey(field)
  return found
}

export function hasField(value: Value, field: string): boolean {
  if (value instanceof Optional)
    return value.value !== undefined && memberOf(value.value, field) !== undefined
  return memberOf(value, field) !== undefined
}

export function plainIndex(value: Value, index: Value): Value {
  if (!(value instanceof Optional)) return indexOf(value, index)
  return value.value === undefined ? value : optionalIndex(value.value, index)
}

/** `a.?b`, `a[?b]` */
export function optionalIndex(given: Value, index: Value): Value {
  const value = given instanceof Optional ? given.value : given
  if (value === undefined) return Optional.none
  if (isList(value)) {
    const at = Number(index instanceof Uint ? index.value : index)
    return at >= 0 && at < value.length ? Optional.of(value.at(at)!) : Optional.none
  }
  const found = isMapValue(value) ? value.get(index) : memberOf(value, String(index))
  return found === undefined ? Optional.none : Optional.of(found)
}

/** A literal as it stands in the expression. */
export function literalValue(value: Literal): Value {
  if (typeof value === 'object' && value !== null && 'uint' in value) return new Uint(value.uint)
  return value
}

/** Only literals without a key twice are made ahead. */
export function areKeys(keys: readonly Value[]): boolean {
  const isPlain = (key: Value) => ['string', 'bigint', 'boolean'].includes(typeof key)
  return keys.every(isPlain) && new Set(keys.map(key => `${typeof key}${String(key)}`)).size === keys.length
}
