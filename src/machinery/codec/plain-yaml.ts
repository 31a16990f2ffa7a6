/**
 * YAML as people and programs mostly write it: maps and lists by indentation, scalars on their line, texts after a bar.
 * A hundredth of the library's time. Whatever looks otherwise is left to the library.
 */
import type { Steps } from '../../std/turns.ts'

/** The text is more than this reader knows. */
class Unusual extends Error {}

interface Cursor {
  readonly lines: readonly string[]
  at: number
}

const depthMax = 100
/** Tabs, carriage returns, comments, anchors and the like, and what YAML takes for the end of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const foreign = /[\t\r\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]|[\ud800-\udfff]/
const key = /^([A-Za-z_][\w./-]*):(?: (.*))?$/
/** What YAML 1.1 takes for truth values, nothing, and numbers without digits before them. */
const words = /^(?:y|n|yes|no|true|false|on|off|null|e[-+]?\d+)$/i
const plain = /^[A-Za-z_/](?:(?:[\w ./@+=,()'"<>*&;-]|:(?! ))*[\w./)])?$/
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const amount = /^[1-9]\d*(?:m|[KMGT]i?)$/
const integer = /^(?:0|-?[1-9][0-9]{0,14})$/
const quoted = /^"(?:[^"\\]|\\["\\nrt])*"$/
const single = /^'(?:[^']|'')*'$/
const bar = /^\|-?$/

/** What a document says; undefined where the library has to be asked. */
export function* readPlainYaml(text: string): Steps<{ readonly value: unknown } | undefined> {
  if (foreign.test(text)) return undefined
  yield
  const cursor = { lines: text.split('\n'), at: 0 }
  yield
  try {
    skipBlank(cursor)
    const value = yield* readBlock(cursor, indentOf(cursor), 0)
    skipBlank(cursor)
    return cursor.at === cursor.lines.length ? { value } : undefined
  } catch (error) {
    if (error instanceof Unusual) return undefined
    throw error
  }
}

const isBlank = (line: string) => /^ *$/.test(line)

function skipBlank(cursor: Cursor): void {
  while (cursor.at < cursor.lines.length && isBlank(cursor.lines[cursor.at]!)) cursor.at++
}

/** Of the line that comes next; -1 at the end. */
function indentOf({ lines, at }: Cursor): number {
  const line = lines[at]
  if (line === undefined) return -1
  let indent = 0
  while (line.charCodeAt(indent) === 0x20) indent++
  return indent
}

function isItem({ lines, at }: Cursor, indent: number): boolean {
  return lines[at]!.startsWith('- ', indent)
}

function* readBlock(cursor: Cursor, indent: number, depth: number): Steps<unknown> {
  if (indent < 0 || depth > depthMax) throw new Unusual()
  return isItem(cursor, indent)
    ? yield* readList(cursor, indent, depth)
    : yield* readMap(cursor, indent, depth, indent)
}

/** So many members are read between two pauses. */
const stepMembers = 256

/** `start`: where the first member begins, which in a list's item is after its dash. */
function* readMap(cursor: Cursor, indent: number, depth: number, start: number): Steps<unknown> {
  const map: Record<string, unknown> = {}
  const names = new Set<string>()
  let from = start
  do {
    if (from === indent && isItem(cursor, indent)) throw new Unusual()
    const [, name, rest] = key.exec(cursor.lines[cursor.at]!.slice(indent)) ?? []
    if (name === undefined || words.test(name) || name === '__proto__' || names.has(name)) throw new Unusual()
    names.add(name)
    cursor.at++
    map[name] =
      rest === undefined ? yield* readBelow(cursor, indent, depth) : readScalar(cursor, rest, indent)
    if (names.size % stepMembers === 0) yield
    skipBlank(cursor)
    from = indentOf(cursor)
  } while (from === indent)
  if (from > indent) throw new Unusual()
  return map
}

/** The value of a key that stands alone on its line. */
function* readBelow(cursor: Cursor, indent: number, depth: number): Steps<unknown> {
  skipBlank(cursor)
  const below = indentOf(cursor)
  if (below > indent) return yield* readBlock(cursor, below, depth + 1)
  if (below === indent && isItem(cursor, indent)) return yield* readList(cursor, indent, depth + 1)
  return null
}

function* readList(cursor: Cursor, indent: number, depth: number): Steps<unknown[]> {
  const list: unknown[] = []
  if (depth > depthMax) throw new Unusual()
  while (indentOf(cursor) === indent && isItem(cursor, indent)) {
    const rest = cursor.lines[cursor.at]!.slice(indent + 2)
    if (key.test(rest)) list.push(yield* readMap(cursor, indent + 2, depth + 1, indent))
    else {
      cursor.at++
      list.push(readScalar(cursor, rest, indent))
    }
    if (list.length % stepMembers === 0) yield
    skipBlank(cursor)
  }
  if (indentOf(cursor) > indent) throw new Unusual()
  return list
}

function readScalar(cursor: Cursor, text: string, indent: number): unknown {
  if (words.test(text)) return readWord(text)
  if (plain.test(text) || time.test(text) || amount.test(text)) return text
  if (integer.test(text)) return Number(text)
  if (quoted.test(text)) return JSON.parse(text)
  if (single.test(text)) return text.slice(1, -1).replaceAll("''", "'")
  if (text === '{}') return {}
  if (text === '[]') return []
  if (bar.test(text)) return readText(cursor, indent, text === '|')
  throw new Unusual()
}

function readWord(text: string): boolean | null {
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === 'null') return null
  throw new Unusual()
}

/** The lines after a bar; with `ends` the last one of them has an end. */
function readText(cursor: Cursor, outer: number, ends: boolean): string {
  const indent = indentOf(cursor)
  const first = cursor.lines[cursor.at]
  if (indent <= outer || first === undefined || isBlank(first)) throw new Unusual()
  const kept: string[] = []
  for (; cursor.at < cursor.lines.length; cursor.at++) {
    const line = cursor.lines[cursor.at]!
    if (line === '') kept.push('')
    else if (indentOf(cursor) >= indent) kept.push(line.slice(indent))
    else if (isBlank(line)) throw new Unusual()
    else break
  }
  while (kept.at(-1) === '') kept.pop()
  if (isBlank(kept.at(-1)!)) throw new Unusual()
  return kept.join('\n') + (ends ? '\n' : '')
}
