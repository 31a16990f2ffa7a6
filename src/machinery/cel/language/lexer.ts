/** Tokens of the language (cel-spec doc/langdef.md). */

import type { Literal } from './ast.ts'
import { readEscapes } from './escapes.ts'
import { CelSyntaxError, type Complaint } from './issues.ts'

export interface Token {
  readonly kind: 'ident' | 'quoted' | 'literal' | 'op' | 'end'
  /** An operator, a name, or the literal as written. */
  readonly text: string
  readonly value?: Literal
  /** In code points. */
  readonly at: number
}

const operators = /^(?:&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}])/
const space = /^(?:[ \t\r\n\f]+|\/\/[^\n]*)+/
const name = /^[_a-zA-Z][_a-zA-Z0-9]*/
const quotedName = /^`([_.\-/ a-zA-Z0-9]+)`/
const float = /^(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/
const integer = /^(?:0[xX][0-9a-fA-F]+|\d+)([uU]?)/
const text = /^([rR]?[bB]?|[bB][rR])("""|'''|"|')/
const words: Readonly<Record<string, Literal>> = { true: true, false: false, null: null }

/** All tokens of a text, the last one of kind `end`. Throws CelSyntaxError. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = []
  let offset = 0
  // Positions count code points, as cel-go counts runes; the text is scanned in UTF-16.
  let seen = 0
  let at = 0
  for (;;) {
    offset += space.exec(source.slice(offset))?.[0].length ?? 0
    while (seen < offset) {
      seen += source.codePointAt(seen)! > 0xffff ? 2 : 1
      at++
    }
    if (offset >= source.length) break
    const { token, length } = readToken(source, offset, at)
    tokens.push(token)
    offset += length
  }
  tokens.push({ kind: 'end', text: '<EOF>', at })
  return tokens
}

interface Read {
  readonly token: Token
  readonly length: number
}

function readToken(source: string, offset: number, at: number): Read {
  const rest = source.slice(offset)
  const quote = text.exec(rest)
  if (quote) return readText(rest, quote[1]!, quote[2]!, at)
  const number = float.exec(rest)
  if (number) {
    const token: Token = { kind: 'literal', text: number[0], value: Number(number[0]), at }
    return { token, length: number[0].length }
  }
  const whole = integer.exec(rest)
  if (whole) return { token: readInteger(whole[0], whole[1]!, at), length: whole[0].length }
  const word = name.exec(rest)?.[0]
  if (word) {
    const token: Token = Object.hasOwn(words, word)
      ? { kind: 'literal', text: word, value: words[word]!, at }
      : { kind: word === 'in' ? 'op' : 'ident', text: word, at }
    return { token, length: word.length }
  }
  const quoted = quotedName.exec(rest)
  if (quoted) return { token: { kind: 'quoted', text: quoted[1]!, at }, length: quoted[0].length }
  const operator = operators.exec(rest)?.[0]
  if (operator) return { token: { kind: 'op', text: operator, at }, length: operator.length }
  const found = String.fromCodePoint(rest.codePointAt(0)!)
  throw syntaxError(at, `token recognition error at: '${found}'`)
}

function readInteger(written: string, suffix: string, at: number): Token {
  const digits = suffix === '' ? written : written.slice(0, -1)
  const value = BigInt(digits)
  if (suffix !== '') {
    if (value > 0xffff_ffff_ffff_ffffn) throw fault(at, 'invalid uint literal')
    return { kind: 'literal', text: written, value: { uint: value }, at }
  }
  // One more than the largest int is read for the sake of `-9223372036854775808`; the parser looks at the sign.
  if (value > 0x8000_0000_0000_0000n) throw fault(at, 'invalid int literal')
  return { kind: 'literal', text: written, value, at }
}

function readText(rest: string, prefix: string, quote: string, at: number): Read {
  const isRaw = /r/i.test(prefix)
  const isBytes = /b/i.test(prefix)
  const start = prefix.length + quote.length
  const end = findEnd(rest, start, quote, isRaw)
  if (end === undefined) throw syntaxError(at, `token recognition error at: '${rest.split('\n', 1)[0]}'`)
  const inner = rest.slice(start, end).replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  const length = end + quote.length
  const written = rest.slice(0, length)
  const read = isRaw ? inner : readEscapes(inner, isBytes)
  if (read === undefined) throw fault(at, 'unable to unescape string')
  return { token: { kind: 'literal', text: written, value: toLiteral(read, isBytes), at }, length }
}

function toLiteral(read: string | Uint8Array, isBytes: boolean): Literal {
  return isBytes && typeof read === 'string' ? new TextEncoder().encode(read) : read
}

function findEnd(rest: string, start: number, quote: string, isRaw: boolean): number | undefined {
  for (let index = start; index < rest.length; index++) {
    if (rest.startsWith(quote, index)) return index
    if (rest[index] === '\\' && !isRaw) index++
    else if (quote.length === 1 && /[\r\n]/.test(rest[index]!)) return undefined
  }
  return undefined
}

function syntaxError(at: number, message: string): CelSyntaxError {
  return fault(at, `Syntax error: ${message}`)
}

function fault(at: number, message: string): CelSyntaxError {
  const complaint: Complaint = { at, message }
  return new CelSyntaxError([complaint])
}
