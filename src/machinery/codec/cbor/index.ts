import { isMap } from '../../meta/json.ts'
import type { ObjectSchema, Schema } from '../../schema/schema.ts'
import { DecodeError } from '../errors.ts'
import { conform, newTally } from '../json/conform.ts'
import type { DecodedJson, JsonOptions } from '../json/index.ts'
import { isOpaque } from '../json/strict.ts'
import { decodeCbor } from './decode.ts'

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
  if (!isMap(value)) throw new DecodeError(`cbor: cannot unmarshal ${cborType(value)} into Go value`)
  if (!schema) return { object: value, strictErrors: [] }
  const tally = newTally()
  const object = conform(schema, value, tally)
  const unknown = strict && tally.hasUnknown ? unknownIndex(schema, value) : undefined
  const strictErrors =
    unknown === undefined ? [] : [`cbor: found unknown field at map element index ${unknown}`]
  return { object, strictErrors }
}

function cborType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'string') return 'UTF-8 text string'
  return typeof value === 'number' || typeof value === 'bigint' ? 'positive integer' : 'primitives'
}

/** Which member of its map the first unknown one is, in the order of the bytes. */
function unknownIndex(schema: Schema, value: unknown): number | undefined {
  if (isOpaque(schema)) return undefined
  if (schema.kind === 'list' && Array.isArray(value))
    return firstOf(value, item => unknownIndex(schema.items, item))
  if (!isMap(value)) return undefined
  if (schema.kind === 'map') return firstOf(Object.values(value), item => unknownIndex(schema.values, item))
  if (schema.kind !== 'object') return undefined
  return firstOf(Object.keys(value), (name, index) => {
    const field = schema.fields.get(name)
    if (!field) return schema.preserveUnknown ? undefined : index
    return unknownIndex(field.schema, value[name])
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
