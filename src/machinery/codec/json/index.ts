import type { Breathe } from '../../../std/turns.ts'
import { jsonKind } from '../../meta/json.ts'
import type { JsonObject } from '../../meta/object.ts'
import type { ObjectSchema } from '../../schema/schema.ts'
import { DecodeError } from '../errors.ts'
import { conform, countMembers } from './conform.ts'
import { checkLong } from './conform-long.ts'
import { parseBody, prepareLong, textOf, withNumbers } from './parse.ts'
import { printSpelled } from './spelled.ts'
import { countMembersOfText, findStrictErrors } from './strict.ts'
import { newTally } from './tally.ts'

export { conform } from './conform.ts'
export { prepareJson } from './parse.ts'
export { readConverted } from './restore.ts'
export { printSpelled, requireNumbers } from './spelled.ts'

export interface JsonOptions {
  /** Look for unknown and duplicate fields (`fieldValidation` Warn and Strict). */
  readonly strict?: boolean
  /** Of a value: its numbers may be symbols of their spelling, as `parseLoose` gives them. */
  readonly isSpelled?: boolean
}

export interface DecodedJson {
  readonly object: JsonObject
  /** `unknown field "spec.x"`, `duplicate field "kind"`, in upstream's order; empty unless strict. */
  readonly strictErrors: readonly string[]
}

/** Parses a JSON body without reading it as a type. Throws DecodeError with the text of Go's encoding/json. */
export function parseJson(body: string | Uint8Array): unknown {
  const { value, isSpelled } = parseBody(body)
  return isSpelled ? withNumbers(value) : value
}

/** The same whatever its numbers are: those that print otherwise than they are spelled stay symbols of their spelling. */
export function parseLoose(body: string | Uint8Array): unknown {
  return parseBody(body).value
}

/**
 * Reads a JSON body as `schema`, or as free JSON where there is none (custom resources): unknown fields are dropped
 * and canonical values made as `conform` says. Integers keep every digit (see `parseExact`); no integer is spelled
 * `1.0`. Throws DecodeError; `strictErrorMessage` makes one text of the strict errors.
 */
export function decodeJson(
  schema: ObjectSchema | undefined,
  body: string | Uint8Array,
  { strict = false }: JsonOptions = {},
): DecodedJson {
  const { text, value: read, isSpelled, members, kept, checked } = parseBody(body)
  // Go leaves a struct as it is when it reads null.
  const value = (schema || !isSpelled ? read : withNumbers(read)) ?? {}
  const tally = newTally({ isOwn: true, isSpelled, checked })
  if (!schema && kept !== undefined) tally.members = kept
  else if (!schema) countMembers(value, tally)
  const object = schema ? conform(schema, value, tally) : asObject(value)
  const hasErrors = strict && (tally.hasUnknown || (members ?? countMembersOfText(text)) !== tally.members)
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
  { strict = false, isSpelled = false }: JsonOptions = {},
): DecodedJson {
  const tally = newTally({ isForeign: true, isSpelled })
  const object = conform(schema, value, tally)
  const hasErrors = strict && tally.hasUnknown
  return { object, strictErrors: hasErrors ? findStrictErrors(schema, printSpelled(value)) : [] }
}

/** What of a text that was read as free JSON came twice: `duplicate field "data.a"`. `value` is what it was read as. */
export function findDuplicates(body: Uint8Array, value: unknown): readonly string[] {
  const text = textOf(body)
  const tally = newTally()
  countMembers(value, tally)
  return countMembersOfText(text) === tally.members ? [] : findStrictErrors(undefined, text)
}

/** Reads what is long of a body that `prepareJson` has read as `schema`, with pauses, for who does so next. */
export function prepareTyped(schema: ObjectSchema, body: Uint8Array, breathe: Breathe): Promise<void> {
  return prepareLong(body, given => checkLong(schema, given.value, given), breathe)
}

function asObject(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new DecodeError(
    `json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`,
  )
}

/** `strict decoding error: unknown field "spec.x", duplicate field "kind"` (apimachinery runtime strictDecodingError). */
export function strictErrorMessage(errors: readonly string[]): string {
  return `strict decoding error: ${errors.join(', ')}`
}
