/** Whether values are of the types that an overload takes: what `dyn` left open at compile time. */
import type { Type } from './type.ts'
import {
  Duration,
  isList,
  isMapValue,
  isStruct,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts'

type Test = (value: Value) => boolean

const tests: Readonly<Partial<Record<Type['kind'], Test>>> = {
  bool: value => typeof value === 'boolean',
  bytes: value => value instanceof Uint8Array,
  double: value => typeof value === 'number',
  duration: value => value instanceof Duration,
  int: value => typeof value === 'bigint',
  list: isList,
  map: isMapValue,
  null: value => value === null,
  string: value => typeof value === 'string',
  timestamp: value => value instanceof Timestamp,
  type: value => value instanceof TypeValue,
  uint: value => value instanceof Uint,
}

/** Tests argument lists of as many values. */
export function accepts(types: readonly Type[]): (values: readonly Value[]) => boolean {
  const each = types.map(testOf)
  return values => each.every((test, index) => test === undefined || test(values[index]!))
}

/** Undefined where every value will do. */
function testOf({ kind, name, params }: Type): Test | undefined {
  if (kind === 'opaque' && name === 'optional_type') return value => value instanceof Optional
  if (kind === 'opaque' || kind === 'struct') return value => isStruct(value) && value.typeName === name
  if (kind === 'list') return itemTest(params[0]!)
  return tests[kind]
}

/** Lists of one type are told from lists of another by their first item. */
function itemTest(item: Type): Test {
  const test = testOf(item)
  return value => isList(value) && (test === undefined || value.length === 0 || test(value.at(0)!))
}
