/** cel-go ext.Strings, version 2 (its `format` is in text-format.ts). */
import { CelError } from '../language/errors.ts'
import { dynType, intType, listOf, stringType } from '../language/type.ts'
import type { ListValue } from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'
import { formatText } from './text-format.ts'

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`)
}

function charAt(text: string, index: bigint): string {
  const characters = [...text]
  if (index < 0n || index > characters.length) throw outOfRange(index)
  return characters[Number(index)] ?? ''
}

function indexOf(text: string, wanted: string, from = 0n): bigint {
  if (wanted === '') return from
  if (from < 0n) throw outOfRange(from)
  const characters = [...text]
  if (from >= characters.length) return -1n
  const tail = characters.slice(Number(from)).join('')
  const found = tail.indexOf(wanted)
  return found < 0 ? -1n : from + BigInt([...tail.slice(0, found)].length)
}

function lastIndexOf(text: string, wanted: string, from?: bigint): bigint {
  const characters = [...text]
  if (wanted === '') return from ?? BigInt(characters.length)
  if (from !== undefined && from < 0n) throw outOfRange(from)
  if (from !== undefined && from >= characters.length) return -1n
  const length = [...wanted].length
  const head = from === undefined ? text : characters.slice(0, Number(from) + length).join('')
  const found = head.lastIndexOf(wanted)
  return found < 0 ? -1n : BigInt([...head.slice(0, found)].length)
}

function replace(text: string, from: string, to: string, limit = -1n): string {
  let left = limit
  const pieces = from === '' ? ['', ...text] : text.split(from)
  return pieces.reduce((made, piece, index) => {
    if (index === 0) return from === '' ? take() : piece
    return from === '' ? made + piece + take() : made + (isLeft() ? to : from) + piece
  }, '')
  function isLeft(): boolean {
    return limit < 0n || left-- > 0n
  }
  function take(): string {
    return isLeft() ? to : ''
  }
}

function split(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return []
  const pieces = separator === '' ? [...text] : text.split(separator)
  if (limit < 0n || pieces.length <= limit) return pieces
  const count = Number(limit)
  return [...pieces.slice(0, count - 1), pieces.slice(count - 1).join(separator)]
}

function substring(text: string, start: bigint, end?: bigint): string {
  const characters = [...text]
  const length = BigInt(characters.length)
  if (end !== undefined && start > end)
    throw new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0n || start > length) throw outOfRange(start)
  if (end !== undefined && (end < 0n || end > length)) throw outOfRange(end)
  return characters.slice(Number(start), end === undefined ? undefined : Number(end)).join('')
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
