import { isInteger, isNumber } from '../../../std/exact-json.ts'
import { isMap } from '../../meta/json.ts'
import type { ObjectSchema, Schema } from '../../schema/schema.ts'
import { DecodeError } from '../errors.ts'
import { conform } from '../json/conform.ts'
import type { DecodedJson, JsonOptions } from '../json/index.ts'
import { TypeMismatch } from '../json/mismatch.ts'
import { isOpaque } from '../json/strict.ts'
import { newTally, type Tally } from '../json/tally.ts'
import { decodeCbor } from './decode.ts'
import { selfDescribed } from './encode.ts'

export { decodeCbor } from './decode.ts'
export { cborHead, cborWatchEvent, encodeCbor, selfDescribed } from './encode.ts'

/**
 * Reads a CBOR body as `schema`, or as free data where there is none (custom resources); see `decodeJson`. Throws
 * DecodeError; a member that comes twice is one. Of unknown fields only the first is told, as upstream does.
 */
export function decodeCborBody(
  schema: ObjectSchema | undefined,
  bytes: Uint8Array,
  { strict = false }: JsonOptions = {},
): DecodedJson {
  const value = decodeCbor(bytes)
  if (!isMap(value))
    throw new DecodeError(
      `cbor: cannot unmarshal ${cborType(value)} into Go value of type map[string]interface {}`,
    )
  if (!schema) return { object: value, strictErrors: [] }
  const tally = newTally()
  const object = conformed(schema, value, tally)
  const unknown = strict && tally.hasUnknown ? unknownIndex(schema, value) : undefined
  const strictErrors =
    unknown === undefined ? [] : [`cbor: found unknown field at map element index ${unknown}`]
  return { object, strictErrors }
}

function conformed(schema: ObjectSchema, value: object, tally: Tally): DecodedJson['object'] {
  try {
    return conform(schema, value, tally)
  } catch (error) {
    if (!(error instanceof TypeMismatch)) throw error
    const { found, goType, field } = error
    const place = field === undefined ? 'value' : `struct field ${field}`
    throw new DecodeError(`cbor: cannot unmarshal ${cborType(found)} into Go ${place} of type ${goType}`)
  }
}

/** What fxamacker/cbor calls the type of a value. */
export function cborType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'string') return 'byte string'
  if (isMap(value)) return 'map'
  if (!isNumber(value)) return 'primitives'
  return isInteger(value) ? `${value < 0 ? 'negative' : 'positive'} integer` : 'primitives'
}

/** CBOR as upstream prints it for people (RFC 8949 section 8). The bytes are known to be CBOR. */
export function diagnoseCbor(bytes: Uint8Array): string {
  const text = diagnosis(decodeCbor(bytes))
  return Buffer.from(selfDescribed).equals(bytes.subarray(0, selfDescribed.length)) ? `55799(${text})` : text
}

function diagnosis(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(diagnosis).join(', ')}]`
  if (!isMap(value)) return String(value)
  return `{${Object.entries(value)
    .map(([name, member]) => `'${name}': ${diagnosis(member)}`)
    .join(', ')}}`
}

/** Which member of its map the first unknown one is; one of an outer map goes before those of inner ones. */
function unknownIndex(schema: Schema, value: unknown): number | undefined {
  if (isOpaque(schema)) return undefined
  if (schema.kind === 'list' && Array.isArray(value))
    return firstOf(value, item => unknownIndex(schema.items, item))
  if (!isMap(value)) return undefined
  if (schema.kind === 'map') return firstOf(Object.values(value), item => unknownIndex(schema.values, item))
  if (schema.kind !== 'object') return undefined
  const names = Object.keys(value)
  const own = schema.preserveUnknown ? -1 : names.findIndex(name => !schema.fields.has(name))
  if (own >= 0) return own
  return firstOf(names, name => {
    const field = schema.fields.get(name)
    return field && unknownIndex(field.schema, value[name])
  })
}

function firstOf<T>(
  items: readonly T[],
  find: (item: T, index: number) => number | undefined,
): number | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index)
    if (found !== undefined) return found
  }
  return undefined
}
