import { parseExact } from '../../../std/exact-json.ts'
import type { Breathe } from '../../../std/turns.ts'
import type { JsonObject } from '../../meta/object.ts'
import type { ObjectSchema } from '../../schema/schema.ts'
import { DecodeError } from '../errors.ts'
import { conform, countMembers, newTally } from './conform.ts'
import { countMembersOfText, findStrictErrors } from './strict.ts'
import { excessOpening, jsonSyntaxError } from './syntax.ts'

export { conform } from './conform.ts'
export { readConverted } from './restore.ts'

export interface JsonOptions {
  /** Look for unknown and duplicate fields (`fieldValidation` Warn and Strict). */
  readonly strict?: boolean
}

export interface DecodedJson {
  readonly object: JsonObject
  /** `unknown field "spec.x"`, `duplicate field "kind"`, in upstream's order; empty unless strict. */
  readonly strictErrors: readonly string[]
}

/** Parses a JSON body without reading it as a type. Throws DecodeError with the text of Go's encoding/json. */
export function parseJson(body: string | Uint8Array): unknown {
  const known = taken(body)
  return known ? known.value : parseText(textOf(body))
}

interface Parsed {
  readonly text: string
  readonly value: unknown
  /** As `countMembersOfText` says. */
  readonly members: number
}

const prepared = new WeakMap<Uint8Array, Parsed>()

/** Parses a long body with pauses; who reads the same bytes next is given what came of it. */
export async function prepareJson(body: Uint8Array, breathe: Breathe): Promise<void> {
  const text = textOf(body)
  if (excessOpening(text)) return
  await breathe()
  const value = parsedOrNot(text)
  await breathe()
  if (value === undefined) return
  prepared.set(body, { text, value, members: countMembersOfText(text) })
  await breathe()
}

/** Undefined for what is no JSON: the reader will say why. */
function parsedOrNot(text: string): unknown {
  try {
    return parseExact(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Given away once: who has it may change it. */
function taken(body: string | Uint8Array): Parsed | undefined {
  if (typeof body === 'string') return undefined
  const known = prepared.get(body)
  if (known) prepared.delete(body)
  return known
}

function textOf(body: string | Uint8Array): string {
  if (typeof body === 'string') return body
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
}

function parseText(text: string): unknown {
  const excess = excessOpening(text)
  if (excess) throw new DecodeError(`invalid character '${excess}' exceeded max depth`)
  try {
    return parseExact(text)
  } catch (error) {
    throw new DecodeError(jsonSyntaxError(text) ?? (error as Error).message)
  }
}

/**
 * Reads a JSON body as `schema`, or as free JSON where there is none (custom resources): unknown fields are dropped
 * and canonical values made as `conform` says. Integers keep every digit (see `parseExact`), other numbers lose their
 * spelling (`1.0`). Throws DecodeError; `strictErrorMessage` makes one text of the strict errors.
 */
export function decodeJson(
  schema: ObjectSchema | undefined,
  body: string | Uint8Array,
  { strict = false }: JsonOptions = {},
): DecodedJson {
  const known = taken(body)
  const text = known?.text ?? textOf(body)
  // Go leaves a struct as it is when it reads null.
  const value = (known ? known.value : parseText(text)) ?? {}
  const tally = newTally()
  if (!schema) countMembers(value, tally)
  const object = schema ? conform(schema, value, tally) : asObject(value)
  const hasErrors =
    strict && (tally.hasUnknown || (known?.members ?? countMembersOfText(text)) !== tally.members)
  return { object, strictErrors: hasErrors ? findStrictErrors(schema, text) : [] }
}

/**
 * What `decodeJson` gives for the text of `value`, without writing and reading that text. Shares nothing with `value`
 * that could be changed: large maps of texts are frozen and checked where they were touched. Members that are undefined
 * are not there.
 */
export function decodeValue(
  schema: ObjectSchema,
  value: unknown,
  { strict = false }: JsonOptions = {},
): DecodedJson {
  const tally = newTally(true)
  const object = conform(schema, value, tally)
  const hasErrors = strict && tally.hasUnknown
  return { object, strictErrors: hasErrors ? findStrictErrors(schema, JSON.stringify(value)) : [] }
}

/** What of a text that was read as free JSON came twice: `duplicate field "data.a"`. `value` is what it was read as. */
export function findDuplicates(body: Uint8Array, value: unknown): readonly string[] {
  const text = textOf(body)
  const tally = newTally()
  countMembers(value, tally)
  return countMembersOfText(text) === tally.members ? [] : findStrictErrors(undefined, text)
}

function asObject(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  const found = Array.isArray(value) ? 'array' : typeof value
  throw new DecodeError(`json: cannot unmarshal ${found} into Go value of type map[string]interface {}`)
}

/** `strict decoding error: unknown field "spec.x", duplicate field "kind"` (apimachinery runtime strictDecodingError). */
export function strictErrorMessage(errors: readonly string[]): string {
  return `strict decoding error: ${errors.join(', ')}`
}
