/** cel-go ext.Strings, version 2 (its `format` is in text-format.ts). */
import { CelError } from '../language/errors.ts'
import { dynType, intType, listOf, stringType } from '../language/type.ts'
import type { ListValue } from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'
import { formatText } from './text-format.ts'

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`)
}

/** Of two code units each are signs beyond the first 65,536; without such ones a text is its own list of characters. */
const halves = /[\ud800-\udfff]/

function charactersOf(text: string): string | readonly string[] {
  return halves.test(text) ? [...text] : text
}

/** How many characters lie before the code unit `at`. */
function countBefore(text: string, at: number): bigint {
  return BigInt(charactersOf(text.slice(0, at)).length)
}

function slice(characters: string | readonly string[], start: number, end?: number): string {
  return typeof characters === 'string' ? characters.slice(start, end) : characters.slice(start, end).join('')
}

function charAt(text: string, index: bigint): string {
  const characters = charactersOf(text)
  if (index < 0n || index > characters.length) throw outOfRange(index)
  return characters[Number(index)] ?? ''
}

function indexOf(text: string, wanted: string, from = 0n): bigint {
  if (wanted === '') return from
  if (from < 0n) throw outOfRange(from)
  const characters = charactersOf(text)
  if (from >= characters.length) return -1n
  const tail = slice(characters, Number(from))
  const found = tail.indexOf(wanted)
  return found < 0 ? -1n : from + countBefore(tail, found)
}

function lastIndexOf(text: string, wanted: string, from?: bigint): bigint {
  const characters = charactersOf(text)
  if (wanted === '') return from ?? BigInt(characters.length)
  if (from !== undefined && from < 0n) throw outOfRange(from)
  if (from !== undefined && from >= characters.length) return -1n
  const length = charactersOf(wanted).length
  const head = from === undefined ? text : slice(characters, 0, Number(from) + length)
  const found = head.lastIndexOf(wanted)
  return found < 0 ? -1n : countBefore(head, found)
}

/** Without a limit, or up to so many times. */
function replace(text: string, from: string, to: string, limit = -1n): string {
  if (from === '') return replaceBetween(text, to, limit)
  const pieces = text.split(from)
  if (limit < 0n || limit >= pieces.length - 1) return pieces.join(to)
  const first = Number(limit) + 1
  return [pieces.slice(0, first).join(to), ...pieces.slice(first)].join(from)
}

/** Before each character and behind the last. */
function replaceBetween(text: string, to: string, limit: bigint): string {
  const characters = [...text]
  const places = characters.length + 1
  const first = limit < 0n || limit > places ? places : Number(limit)
  if (first === 0) return text
  const rest = characters.slice(first - 1).join('')
  return first === places
    ? to + characters.map(character => character + to).join('')
    : characters
        .slice(0, first - 1)
        .map(character => to + character)
        .join('') +
        to +
        rest
}

function split(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return []
  if (separator === '' && limit > 0n) return splitCharacters(text, Number(limit))
  const pieces = separator === '' ? [...text] : text.split(separator)
  if (limit < 0n || pieces.length <= limit) return pieces
  const count = Number(limit)
  return [...pieces.slice(0, count - 1), pieces.slice(count - 1).join(separator)]
}

/** The first characters and the rest as one. */
function splitCharacters(text: string, count: number): string[] {
  const pieces: string[] = []
  let at = 0
  for (const character of text) {
    if (pieces.length === count - 1) break
    pieces.push(character)
    at += character.length
  }
  return at < text.length ? [...pieces, text.slice(at)] : pieces
}

function substring(text: string, start: bigint, end?: bigint): string {
  const characters = charactersOf(text)
  const length = BigInt(characters.length)
  if (end !== undefined && start > end)
    throw new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0n || start > length) throw outOfRange(start)
  if (end !== undefined && (end < 0n || end > length)) throw outOfRange(end)
  return slice(characters, Number(start), end === undefined ? undefined : Number(end))
}

function join(list: ListValue, separator = ''): string {
  const pieces: string[] = []
  for (const item of list) {
    if (typeof item !== 'string') throw new CelError(`join: invalid input: ${String(item)}`)
    pieces.push(item)
  }
  return pieces.join(separator)
}

const quoted: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

function quote(text: string): string {
  return `"${[...text].map(character => quoted[character] ?? character).join('')}"`
}

/** Unicode's White_Space, which is what Go trims. */
const space = /^[\p{White_Space}]+|[\p{White_Space}]+$/gu

const text = stringType
const texts = listOf(stringType)

export const strings: Functions = {
  charAt: [member('string_char_at_int', [text, intType], text, charAt)],
  indexOf: [
    member('string_index_of_string', [text, text], intType, indexOf),
    member('string_index_of_string_int', [text, text, intType], intType, indexOf),
  ],
  lastIndexOf: [
    member('string_last_index_of_string', [text, text], intType, lastIndexOf),
    member('string_last_index_of_string_int', [text, text, intType], intType, lastIndexOf),
  ],
  lowerAscii: [
    member('string_lower_ascii', [text], text, (x: string) => x.replace(/[A-Z]+/g, run => run.toLowerCase())),
  ],
  upperAscii: [
    member('string_upper_ascii', [text], text, (x: string) => x.replace(/[a-z]+/g, run => run.toUpperCase())),
  ],
  replace: [
    member('string_replace_string_string', [text, text, text], text, replace),
    member('string_replace_string_string_int', [text, text, text, intType], text, replace),
  ],
  split: [
    member('string_split_string', [text, text], texts, split),
    member('string_split_string_int', [text, text, intType], texts, split),
  ],
  substring: [
    member('string_substring_int', [text, intType], text, substring),
    member('string_substring_int_int', [text, intType, intType], text, substring),
  ],
  trim: [member('string_trim', [text], text, (x: string) => x.replace(space, ''))],
  join: [member('list_join', [texts], text, join), member('list_join_string', [texts, text], text, join)],
  'strings.quote': [global('strings_quote', [text], text, quote)],
  format: [member('string_format', [text, listOf(dynType)], text, formatText)],
}
