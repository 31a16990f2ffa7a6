import { isInteger, isNumber } from '../../../std/exact-json.ts'
import { isMap, type JsonMap, setMember } from '../../meta/json.ts'
import type { ScalarKind, ScalarSchema, Schema } from '../../schema/schema.ts'
import { DecodeError } from '../errors.ts'
import { scalarChecks } from './scalars.ts'

/**
 * What `read` makes of a value that upstream converts from a map, not from a text: where `read` refuses the value, its
 * integers lose the bits that their types have no room for (apimachinery runtime.FromUnstructured). Throws DecodeError in
 * the words of that converter.
 */
export function readConverted<T>(schema: Schema, value: unknown, read: (value: unknown) => T): T {
  try {
    return read(value)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return read(restore(schema, value))
  }
}

function restore(schema: Schema, value: unknown): unknown {
  if (value === null || value === undefined) return value
  if (schema.kind === 'object') {
    return restoreMembers(
      requireMap(value, 'struct from:'),
      [...schema.fields].map(([name, field]) => [name, field.schema]),
    )
  }
  if (schema.kind === 'map') {
    const given = requireMap(value, 'map from')
    return restoreMembers(
      given,
      Object.keys(given).map(name => [name, schema.values]),
    )
  }
  if (schema.kind === 'list') return requireList(value).map(item => restore(schema.items, item))
  return restoreScalar(schema, value)
}

/** In the order of the type's fields: the first fault is told. */
function restoreMembers(given: JsonMap, members: readonly (readonly [string, Schema])[]): JsonMap {
  const made = { ...given }
  for (const [name, schema] of members)
    if (Object.hasOwn(given, name)) setMember(made, name, restore(schema, given[name]))
  return made
}

function requireMap(value: unknown, what: string): JsonMap {
  if (isMap(value)) return value
  throw new DecodeError(`cannot restore ${what} ${kindOf(value)}`)
}

function requireList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new DecodeError(`cannot restore slice from ${kindOf(value)}`)
}

type Convert = (value: unknown) => unknown

const bits = (convert: (value: bigint) => bigint): Convert => {
  return value => (isWhole(value) ? Number(convert(BigInt(within(value)))) : undefined)
}

const int64Min = -(2n ** 63n)

/** What a float holds beyond 64 bits is the least of integers to Go on amd64. */
function within(value: number | bigint): number | bigint {
  return value >= int64Min && value < -int64Min ? value : int64Min
}

const isWhole = (value: unknown): value is number | bigint => isNumber(value) && isInteger(value)
const longInteger: Convert = value => (isWhole(value) ? within(value) : undefined)

/** The types that hold what they hold: undefined where a value is none of theirs. */
const simple: Readonly<Partial<Record<ScalarKind, Convert>>> = {
  string: value => (typeof value === 'string' ? value : undefined),
  bool: value => (typeof value === 'boolean' ? value : undefined),
  int32: bits(value => BigInt.asIntN(32, value)),
  int64: longInteger,
  uint32: bits(value => BigInt.asUintN(32, value)),
  uint64: longInteger,
  double: value => (isNumber(value) ? value : undefined),
}

function restoreScalar(schema: ScalarSchema, value: unknown): unknown {
  const convert = simple[schema.kind]
  if (convert) {
    const made = convert(value)
    if (made === undefined) throw unlike(schema, value)
    return made
  }
  if (schema.kind === 'bytes') return restoreBytes(schema, value)
  // These read JSON with code of their own.
  return scalarChecks[schema.kind]?.(value, schema) ?? value
}

/** Go would make a text of a whole number, so that the converter looks further; all else it does not know at all. */
function unlike({ kind, goType = kind }: ScalarSchema, value: unknown): DecodeError {
  const isConvertible = kind === 'string' ? isInteger(value) : kind !== 'bool' && isNumber(value)
  if (isConvertible) return new DecodeError(`cannot convert ${kindOf(value)} to ${goType}`)
  const plain = kind === 'double' ? 'float64' : kind
  return new DecodeError(`unrecognized type: ${goType.includes('.') ? plain : goType}`)
}

function restoreBytes(schema: ScalarSchema, value: unknown): unknown {
  if (typeof value !== 'string') return requireList(value)
  try {
    return scalarChecks.bytes!(value, schema)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new DecodeError(`error decoding from json: ${error.message}`)
  }
}

/** As Go's reflection calls a decoded value. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice'
  if (isNumber(value)) return isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map'
}
