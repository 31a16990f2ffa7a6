/** Reads a label selector's text with upstream's grammar and complaints (apimachinery pkg/labels Parse). */
import { badRequest, formatFieldErrors } from '../status/errors.ts'
import { StatusError } from '../status/status.ts'
import type { LabelSelector } from './label.ts'
import { selectorOf } from './label.ts'
import type { LabelOperator, LabelRequirement } from './requirement.ts'
import { binaryOperatorNames, keyErrors, labelRequirement } from './requirement.ts'

type TokenKind =
  | 'error'
  | 'end'
  | 'word'
  | '('
  | ')'
  | ','
  | '!'
  | '='
  | '=='
  | '!='
  | '<'
  | '>'
  | 'in'
  | 'notin'

interface Token {
  readonly kind: TokenKind
  readonly text: string
}

interface Reader {
  readonly tokens: readonly Token[]
  position: number
}

const symbols: ReadonlySet<string> = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '('])
const endToken: Token = { kind: 'end', text: '' }

/** `a=b,c!=d,e in (x,y),!f,g>5`; the empty text selects everything. Throws 400 with upstream's text. */
export function parseLabelSelector(text: string): LabelSelector {
  const reader: Reader = { tokens: scan(text), position: 0 }
  const requirements: LabelRequirement[] = []
  for (;;) {
    const start = peek(reader)
    if (start.kind === 'end') return selectorOf(requirements)
    if (start.kind !== 'word' && start.kind !== '!') {
      throw badRequest(`found '${start.text}', expected: !, identifier, or 'end of string'`)
    }
    requirements.push(readRequirement(reader))
    const after = take(reader)
    if (after.kind === 'end') return selectorOf(requirements)
    if (after.kind !== ',') throw badRequest(`found '${after.text}', expected: ',' or 'end of string'`)
    const next = peek(reader)
    if (next.kind !== 'word' && next.kind !== '!') {
      throw badRequest(`found '${next.text}', expected: identifier after ','`)
    }
  }
}

function readRequirement(reader: Reader): LabelRequirement {
  try {
    const negated = peek(reader).kind === '!'
    if (negated) take(reader)
    const key = readKey(reader)
    const next = peek(reader).kind
    if (negated || next === 'end' || next === ',') return labelRequirement(key, negated ? '!' : 'exists', [])
    const operator = readOperator(reader)
    const values = operator === 'in' || operator === 'notin' ? readValues(reader) : readExactValue(reader)
    return labelRequirement(key, operator, values)
  } catch (error) {
    if (error instanceof StatusError) throw badRequest(`unable to parse requirement: ${error.message}`)
    throw error
  }
}

function readKey(reader: Reader): string {
  const { kind, text } = take(reader)
  if (kind !== 'word') throw badRequest(`found '${text}', expected: identifier`)
  const errors = keyErrors(text, '<nil>')
  if (errors.length > 0) throw badRequest(formatFieldErrors(errors))
  return text
}

const operators: Readonly<Partial<Record<TokenKind, LabelOperator>>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
}

function readOperator(reader: Reader): LabelOperator {
  const { kind, text } = reader.tokens[reader.position++] ?? endToken
  const operator = operators[kind]
  if (!operator) throw badRequest(`found '${text}', expected: ${binaryOperatorNames}`)
  return operator
}

function readValues(reader: Reader): string[] {
  const open = take(reader)
  if (open.kind !== '(') throw badRequest(`found '${open.text}' expected: '('`)
  const first = peek(reader)
  if (first.kind === ')') {
    take(reader)
    return ['']
  }
  if (first.kind !== 'word' && first.kind !== ',') {
    throw badRequest(`found '${first.text}', expected: ',', ')' or identifier`)
  }
  const values = readList(reader)
  if (take(reader).kind !== ')') throw badRequest(`found '${first.text}', expected: ')'`)
  return sortedSet(values)
}

/** Reads up to, not including, the closing parenthesis. Empty places stand for the empty value. */
function readList(reader: Reader): string[] {
  const values: string[] = []
  for (;;) {
    const { kind, text } = take(reader)
    const next = peek(reader)
    if (kind === 'word') {
      values.push(text)
      if (next.kind === ')') return values
      if (next.kind !== ',') throw badRequest(`found '${next.text}', expected: ',' or ')'`)
    } else if (kind === ',') {
      if (values.length === 0 || next.kind === ')' || next.kind === ',') values.push('')
      if (next.kind === ')') return values
    } else {
      throw badRequest(`found '${text}', expected: ',', or identifier`)
    }
  }
}

function readExactValue(reader: Reader): string[] {
  const next = peek(reader).kind
  if (next === 'end' || next === ',') return ['']
  const { kind, text } = take(reader)
  if (kind !== 'word') throw badRequest(`found '${text}', expected: identifier`)
  return [text]
}

function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort()
}

/** The token ahead, where `in` and `notin` may be names or values. */
function peek(reader: Reader): Token {
  const token = reader.tokens[reader.position] ?? endToken
  return token.kind === 'in' || token.kind === 'notin' ? { kind: 'word', text: token.text } : token
}

function take(reader: Reader): Token {
  const token = peek(reader)
  reader.position++
  return token
}

function scan(text: string): Token[] {
  const tokens: Token[] = []
  // As to Go's scanner a zero byte is the end: of a word, or where none stands before it, of the text.
  const pattern = /[ \t\r\n]*([=!(),<>]+|[^=!(),<> \t\r\n\0]+)/y
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const piece = match[1]!
    if (!/^[=!(),<>]/.test(piece)) {
      tokens.push({ kind: piece === 'in' || piece === 'notin' ? piece : 'word', text: piece })
      if (text[pattern.lastIndex] === '\0') pattern.lastIndex++
      continue
    }
    const token = scanSymbol(piece)
    tokens.push(token)
    pattern.lastIndex -= piece.length - token.text.length
  }
  tokens.push(endToken)
  return tokens
}

/** The longest symbol at the start of a run of symbol characters. */
function scanSymbol(run: string): Token {
  const two = run.slice(0, 2)
  const symbol = symbols.has(two) ? two : run[0]!
  return { kind: symbol as TokenKind, text: symbol }
}
