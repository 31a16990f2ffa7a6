/** Texts of JSON as values, and what a value alone no longer tells of its text. */
import { exactInteger, parseExact } from '../../../std/exact-json.ts'
import { type Breathe, type Steps, takeSteps } from '../../../std/turns.ts'
import { isMap, setMember } from '../../meta/json.ts'
import { DecodeError } from '../errors.ts'
import { mismatch } from './mismatch.ts'
import { type Cutting, parsePieces } from './pieces.ts'
import { countMembersOfText } from './strict.ts'
import { excessOpening, jsonSyntaxError, syntaxFault } from './syntax.ts'
import type { Checked } from './tally.ts'

export interface Parsed {
  readonly text: string
  readonly value: unknown
  /**
   * Numbers that print otherwise than they are spelled (`80.0`, `1e3`, what is beyond int64) are symbols of their
   * spelling: Go's types mind it. `withNumbers` gives the numbers.
   */
  readonly isSpelled: boolean
  /** As `countMembersOfText` says, where that was counted already. */
  readonly members?: number
  /** How many are left of them, where that was counted: of a name that came twice one is. */
  readonly kept?: number
  /** Lists and maps in it whose text was long. */
  readonly long?: ReadonlySet<object>
  /** What the check of a type made of some of them already. */
  readonly checked?: Checked
}

/**
 * A member or an item that may be such a number. Times within texts (`:05.5`) are not looked at. It looks back for the
 * name of the member: an engine searches for a few signs much faster than for either of two beginnings.
 */
const oddNumber = /[:[,]\s*-?(?<=(?:"\s*:|[[,])\s*-?)[0-9]+(?:[.eE]|[0-9]{15})/
/** Half of a character may be written as an escape, and nowhere else. */
const surrogate = /\\u[dD][89a-fA-F]/

/** Whether numbers of a text of JSON may print otherwise than they are spelled. */
export function hasOddNumbers(text: string): boolean {
  return oddNumber.test(text)
}

/** Whether a text of JSON may have numbers that no float64 holds. */
export function hasHugeNumbers(text: string): boolean {
  return oddNumber.test(text) && huge.test(text)
}

/** Throws DecodeError with the text of Go's encoding/json. */
function parseText(text: string): Parsed {
  const excess = excessOpening(text)
  if (excess) throw new DecodeError(`invalid character '${excess}' exceeded max depth`)
  try {
    return readText(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new DecodeError(jsonSyntaxError(text) ?? error.message)
  }
}

function readText(text: string): Parsed {
  const isSpelled = hasOddNumbers(text)
  const value: unknown = isSpelled ? JSON.parse(text, revive as Parser) : JSON.parse(text)
  return { text, value: surrogate.test(text) ? wellFormed(value) : value, isSpelled }
}

/** Numbers that no float64 may hold. */
const huge = /[0-9.][eE]\+?[0-9]{3}|[0-9]{300}/

function readFree(text: string): Omit<Parsed, 'text'> {
  const value = parseExact(text)
  return { value: surrogate.test(text) ? wellFormed(value) : value, isSpelled: false }
}

type Parser = (this: unknown, key: string, value: unknown) => unknown

function revive(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || source === '-0') return value
  const exact = /^-?[0-9]+$/.test(source) ? exactInteger(BigInt(source)) : value
  return String(exact) === source ? exact : Symbol(source)
}

/** Half a character is none: Go reads U+FFFD instead. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (!isMap(value)) return value
  const made = {}
  for (const [key, member] of Object.entries(value)) setMember(made, key.toWellFormed(), wellFormed(member))
  return made
}

/** The number that a spelling means. Throws DecodeError where no float64 holds it. */
export function numberOf(spelled: symbol, goType = 'float64'): number {
  const value = Number(spelled.description)
  if (!Number.isFinite(value)) throw mismatch(spelled, goType, true)
  return value
}

/** Numbers again, in place, where nobody asks how they are spelled. Throws DecodeError as `numberOf`. */
export function withNumbers(value: unknown): unknown {
  if (typeof value === 'symbol') return numberOf(value)
  if (Array.isArray(value)) for (const [index, item] of value.entries()) value[index] = withNumbers(item)
  else if (isMap(value))
    for (const [key, member] of Object.entries(value)) setMember(value, key, withNumbers(member))
  return value
}

const prepared = new WeakMap<Uint8Array, Parsed | DecodeError>()

export interface JsonPreparation extends Pick<Cutting, 'length'> {
  /** No type will read it: nobody asks how its numbers are spelled. */
  readonly isFree?: boolean
}

/** Parses a long body with pauses; who reads the same bytes next is given what came of it. */
export async function prepareJson(
  body: Uint8Array,
  breathe: Breathe,
  preparation: JsonPreparation = {},
): Promise<void> {
  const parsed = await takeSteps(parsedOrNot(textOf(body), preparation), breathe)
  if (parsed) prepared.set(body, parsed)
}

/** Undefined for what the reader has to look at: a text that is no list and no map, or one that is nested too deeply. */
function* parsedOrNot(
  text: string,
  { length, isFree = false }: JsonPreparation,
): Steps<Parsed | DecodeError | undefined> {
  const long = new Set<object>()
  let isSpelled = false
  let members = 0
  let kept = 0
  const read = (piece: string) => {
    const parsed = isFree && !huge.test(piece) ? readFree(piece) : readText(piece)
    isSpelled ||= parsed.isSpelled
    members += countMembersOfText(piece)
    kept += membersOf(parsed.value)
    return parsed.value as object
  }
  const onLong = (made: object, lost: number) => {
    long.add(made)
    kept -= lost
  }
  try {
    const value = yield* parsePieces(text, { read, onLong, length })
    return { text, value, isSpelled, members, kept, long }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    if (excessOpening(text)) return undefined
    const fault = yield* syntaxFault(text)
    return fault === undefined ? undefined : new DecodeError(fault)
  }
}

/** Of lists and maps that are known not to be nested too deeply. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += membersOf(item)
    return count
  }
  for (const member of Object.values(value)) {
    count++
    if (typeof member === 'object') count += membersOf(member)
  }
  return count
}

/** Adds what `check` makes of the long parts of a body that was prepared. */
export async function prepareLong(
  body: Uint8Array,
  check: (given: Parsed & { readonly long: ReadonlySet<object> }) => Steps<Checked>,
  breathe: Breathe,
): Promise<void> {
  const parsed = prepared.get(body)
  if (!parsed || parsed instanceof DecodeError || !parsed.long?.size) return
  const checked = await takeSteps(check({ ...parsed, long: parsed.long }), breathe)
  prepared.set(body, { ...parsed, checked })
}

/** What was prepared is given away once: who has it may change it. */
export function parseBody(body: string | Uint8Array): Parsed {
  if (typeof body === 'string') return parseText(body)
  const known = prepared.get(body)
  if (known instanceof DecodeError) throw known
  if (known) prepared.delete(body)
  return known ?? parseText(textOf(body))
}

export function textOf(body: string | Uint8Array): string {
  if (typeof body === 'string') return body
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
}
