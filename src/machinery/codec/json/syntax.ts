import { runSteps, type Steps } from '../../../std/turns.ts'
import { quote } from '../../meta/quote.ts'

const space = /[ \t\n\r]*/y
const hexDigit = /[0-9a-fA-F]/
/** encoding/json's own limit. */
const nestingMax = 10_000
/** Deeper than any real object; the stack is sure to hold it. */
const followedMax = 1_000

/** Where the text stops being JSON, in the words of Go's encoding/json. */
class SyntaxFailure extends Error {}

interface Cursor {
  readonly text: string
  at: number
  pausedAt: number
}

/** Characters between two pauses. */
const stepLength = 16 << 10

/** What Go's encoding/json says is wrong with `text`; undefined when nothing is. For the error path only. */
export function jsonSyntaxError(text: string): string | undefined {
  return runSteps(syntaxFault(text))
}

/** The same in steps. */
export function* syntaxFault(text: string): Steps<string | undefined> {
  const cursor = { text, at: 0, pausedAt: 0 }
  try {
    yield* scanValue(cursor, 0)
    skipSpace(cursor)
    return cursor.at < text.length ? invalidCharacter(cursor, 'after top-level value').message : undefined
  } catch (error) {
    if (error instanceof SyntaxFailure) return error.message
    // Too deep for this reader's stack, though not for the parser's: the parser's own words will have to do.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * The bracket with which a text opens more than 1,000 lists and maps inside each other, which is what recursion of ours is
 * asked to follow; undefined when it does not.
 */
export function excessOpening(text: string): string | undefined {
  if (text.length <= followedMax || !hasManyOpenings(text)) return undefined
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quoteCode) at = endOfString(text, at + 1)
    else if (code === openList || code === openMap) {
      if (++depth > followedMax) return text[at]
    } else if (code === closeList || code === closeMap) depth--
  }
  return undefined
}

/** Whether a text opens more than 1,000 lists and maps inside each other. */
export function exceedsNesting(text: string): boolean {
  return excessOpening(text) !== undefined
}

/** Looked for by the engine itself, which takes no time at all. */
function hasManyOpenings(text: string): boolean {
  let openings = 0
  for (const opening of ['{', '[']) {
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1)) {
      if (++openings > followedMax) return true
    }
  }
  return false
}

const quoteCode = 0x22
const backslash = 0x5c
const openList = 0x5b
const closeList = 0x5d
const openMap = 0x7b
const closeMap = 0x7d

/** Where the closing quote is; the end of the text when there is none. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === backslash) backslashes++
  return backslashes % 2 === 1
}

/** `atEnd` is what Go names where the text stops inside a word or a number: it feeds its scanner a space. */
function invalidCharacter({ text, at }: Cursor, where: string, atEnd?: string): SyntaxFailure {
  const code = text.codePointAt(at)
  if (code === undefined && atEnd === undefined) return new SyntaxFailure('unexpected end of JSON input')
  const character = code === undefined ? atEnd! : firstByte(String.fromCodePoint(code))
  const shown = character === "'" ? String.raw`\'` : character === '"' ? '"' : quote(character).slice(1, -1)
  return new SyntaxFailure(`invalid character '${shown}' ${where}`)
}

/** Go's scanner reads bytes and prints the first one of a character that has more. */
function firstByte(character: string): string {
  return String.fromCharCode(Buffer.from(character)[0]!)
}

function skipSpace(cursor: Cursor): void {
  space.lastIndex = cursor.at
  cursor.at += space.exec(cursor.text)![0].length
}

function* scanValue(cursor: Cursor, depth: number): Steps<void> {
  skipSpace(cursor)
  if (depth > nestingMax) throw new SyntaxFailure('exceeded max depth')
  const first = cursor.text[cursor.at]
  if (first === '{') yield* scanObject(cursor, depth)
  else if (first === '[') yield* scanArray(cursor, depth)
  else scanPlain(cursor, first)
}

function scanPlain(cursor: Cursor, first: string | undefined): void {
  if (first === '"') scanString(cursor)
  else if (first === 't') scanWord(cursor, 'true')
  else if (first === 'f') scanWord(cursor, 'false')
  else if (first === 'n') scanWord(cursor, 'null')
  else if (first !== undefined && /[-0-9]/.test(first)) scanNumber(cursor)
  else throw invalidCharacter(cursor, 'looking for beginning of value')
}

function* scanObject(cursor: Cursor, depth: number): Steps<void> {
  for (let first = true; ; first = false) {
    cursor.at++
    skipSpace(cursor)
    if (first && cursor.text[cursor.at] === '}') break
    if (cursor.text[cursor.at] !== '"')
      throw invalidCharacter(cursor, 'looking for beginning of object key string')
    scanString(cursor)
    skipSpace(cursor)
    if (cursor.text[cursor.at] !== ':') throw invalidCharacter(cursor, 'after object key')
    cursor.at++
    yield* scanValue(cursor, depth + 1)
    if (cursor.at - cursor.pausedAt > stepLength) {
      cursor.pausedAt = cursor.at
      yield
    }
    skipSpace(cursor)
    if (cursor.text[cursor.at] === '}') break
    if (cursor.text[cursor.at] !== ',') throw invalidCharacter(cursor, 'after object key:value pair')
  }
  cursor.at++
}

function* scanArray(cursor: Cursor, depth: number): Steps<void> {
  for (let first = true; ; first = false) {
    cursor.at++
    skipSpace(cursor)
    if (first && cursor.text[cursor.at] === ']') break
    yield* scanValue(cursor, depth + 1)
    if (cursor.at - cursor.pausedAt > stepLength) {
      cursor.pausedAt = cursor.at
      yield
    }
    skipSpace(cursor)
    if (cursor.text[cursor.at] === ']') break
    if (cursor.text[cursor.at] !== ',') throw invalidCharacter(cursor, 'after array element')
  }
  cursor.at++
}

function scanString(cursor: Cursor): void {
  for (cursor.at++; ; cursor.at++) {
    const character = cursor.text[cursor.at]
    if (character === '"') break
    if (character === undefined || character < ' ') throw invalidCharacter(cursor, 'in string literal')
    if (character === '\\') scanEscape(cursor)
  }
  cursor.at++
}

function scanEscape(cursor: Cursor): void {
  const letter = cursor.text[++cursor.at]
  if (letter === undefined || !'bfnrt\\/"u'.includes(letter))
    throw invalidCharacter(cursor, 'in string escape code')
  for (let left = letter === 'u' ? 4 : 0; left > 0; left--) {
    cursor.at++
    if (!hexDigit.test(cursor.text[cursor.at] ?? '')) {
      throw invalidCharacter(cursor, String.raw`in \u hexadecimal character escape`)
    }
  }
}

function scanWord(cursor: Cursor, word: string): void {
  for (let index = 1; index < word.length; index++) {
    cursor.at++
    if (cursor.text[cursor.at] !== word[index]) {
      throw invalidCharacter(cursor, `in literal ${word} (expecting '${word[index]}')`, ' ')
    }
  }
  cursor.at++
}

function scanNumber(cursor: Cursor): void {
  if (cursor.text[cursor.at] === '-') cursor.at++
  if (cursor.text[cursor.at] === '0') cursor.at++
  else scanDigits(cursor, 'in numeric literal')
  if (cursor.text[cursor.at] === '.') {
    cursor.at++
    scanDigits(cursor, 'after decimal point in numeric literal')
  }
  if (/[eE]/.test(cursor.text[cursor.at] ?? '')) {
    cursor.at++
    if (/[+-]/.test(cursor.text[cursor.at] ?? '')) cursor.at++
    scanDigits(cursor, 'in exponent of numeric literal')
  }
}

function scanDigits(cursor: Cursor, where: string): void {
  const start = cursor.at
  while (/[0-9]/.test(cursor.text[cursor.at] ?? '')) cursor.at++
  if (cursor.at === start) throw invalidCharacter(cursor, where, ' ')
}
