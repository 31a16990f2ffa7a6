/** Optional values (cel-go OptionalTypes). */
import { CelError } from '../language/errors.ts'
import { boolType, intType, listOf, mapOf, optionalOf, paramType, type Type } from '../language/type.ts'
import {
  Duration,
  isList,
  isMapValue,
  isStruct,
  type ListValue,
  Optional,
  Timestamp,
  Uint,
  type Value,
} from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'
import { indexOf } from './operators.ts'

const t = paramType('T')
const k = paramType('K')
const v = paramType('V')
const optional = optionalOf(t)

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '') return true
  if (value instanceof Uint) return value.value === 0n
  if (value instanceof Uint8Array || isList(value)) return value.length === 0
  if (value instanceof Duration || value instanceof Timestamp) return value.ns === 0n
  if (isMapValue(value)) return value.size === 0
  return isStruct(value) && value.size === 0
}

function dereference({ value }: Optional): Value {
  if (value === undefined) throw new CelError('optional.none() dereference')
  return value
}

function unwrapAll(list: ListValue): ListValue {
  return [...list].flatMap(item => {
    if (!(item instanceof Optional)) throw new CelError('no such overload')
    return item.value === undefined ? [] : [item.value]
  })
}

function indexed(id: string, args: readonly Type[], result: Type) {
  return global(id, args, result, indexOf)
}

function edge(at: 0 | -1) {
  return (list: ListValue) => {
    if (list.length === 0) return Optional.none
    return Optional.of(list.at(at === 0 ? 0 : list.length - 1)!)
  }
}

export const optionals: Functions = {
  'optional.of': [global('optional_of', [t], optional, Optional.of)],
  'optional.ofNonZeroValue': [
    global('optional_ofNonZeroValue', [t], optional, (value: Value) =>
      isZero(value) ? Optional.none : Optional.of(value),
    ),
  ],
  'optional.none': [global('optional_none', [], optional, () => Optional.none)],
  'optional.unwrap': [global('optional_unwrap', [listOf(optional)], listOf(t), unwrapAll)],
  unwrapOpt: [member('optional_unwrapOpt', [listOf(optional)], listOf(t), unwrapAll)],
  value: [member('optional_value', [optional], t, dereference)],
  hasValue: [member('optional_hasValue', [optional], boolType, ({ value }: Optional) => value !== undefined)],
  or: [
    member('optional_or_optional', [optional, optional], optional, (x: Optional, y: Optional) =>
      x.value === undefined ? y : x,
    ),
  ],
  orValue: [member('optional_orValue_value', [optional, t], t, (x: Optional, y: Value) => x.value ?? y)],
  first: [member('list_first', [listOf(v)], optionalOf(v), edge(0))],
  last: [member('list_last', [listOf(v)], optionalOf(v), edge(-1))],
  // The evaluator looks inside of optionals itself; here are their types.
  '_[?_]': [
    indexed('list_optindex_optional_int', [listOf(v), intType], optionalOf(v)),
    indexed('optional_list_optindex_optional_int', [optionalOf(listOf(v)), intType], optionalOf(v)),
    indexed('map_optindex_optional_value', [mapOf(k, v), k], optionalOf(v)),
    indexed('optional_map_optindex_optional_value', [optionalOf(mapOf(k, v)), k], optionalOf(v)),
  ],
  '_[_]': [
    indexed('optional_list_index_int', [optionalOf(listOf(v)), intType], optionalOf(v)),
    indexed('optional_map_index_value', [optionalOf(mapOf(k, v)), k], optionalOf(v)),
  ],
}
