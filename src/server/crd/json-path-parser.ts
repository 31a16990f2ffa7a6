/** A step of a path. */
export type PathNode =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'wildcard' }
  | { readonly type: 'recursive' }
  | { readonly type: 'slice'; readonly slice: Slice }
  | { readonly type: 'union'; readonly paths: readonly Path[] }
  | { readonly type: 'literal'; readonly value: unknown }
  | { readonly type: 'filter'; readonly left: Path; readonly operator: string; readonly right: Path }
  /** A word such as `range`, which has no place in a path. */
  | { readonly type: 'word'; readonly name: string }

export type Path = readonly PathNode[]

/** Indices from the end are negative. */
export interface Slice {
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly step?: number | undefined
  /** An index rather than a range: its end follows from its start. */
  readonly isSingle: boolean
}

/** The steps of a path in kubectl's JSONPath (client-go util/jsonpath), without braces; undefined when it is none. */
export function parseJsonPath(text: string): Path | undefined {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof PathSyntaxError) return undefined
    throw error
  }
}

class PathSyntaxError extends Error {}

type Read = (match: RegExpExecArray) => Path

/** What may stand next, the first that fits. */
const readers: readonly (readonly [RegExp, Read])[] = [
  [/^[ @$]/, () => []],
  [
    /^\[\?\(((?:[^"'()\n]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')*)\)\]/,
    ([, inner = '']) => [toFilter(inner)],
  ],
  [
    /^\.\.((?:\\[\s\S]|[\p{L}\p{Nd}_])(?:\\[\s\S]|[^\s\\.,[\]$@{}])*)?/u,
    ([, name]) => [{ type: 'recursive' }, ...(name === undefined ? [] : [toField(name)])],
  ],
  [/^\[([^\]\n]*)\]/, ([, inner = '']) => toSelection(inner)],
  [/^(["'])((?:\\.|(?!\1)[^\\\n])*)\1/, ([, , inner = '']) => [literal(inner.replace(/\\(.)/g, '$1'))]],
  [/^\.((?:\\[\s\S]|[^\s\\.,[\]$@{}])*)/, ([, name = '']) => [toField(name)]],
  [/^[+-]?[\d.]+/, ([digits]) => [literal(toNumber(digits))]],
  [/^[\p{L}\p{Nd}_][^\s.,[\]$@{}]*/u, ([name]) => [toWord(name)]],
]

function parse(text: string): Path {
  const nodes: PathNode[] = []
  let rest = text
  while (rest !== '' && !rest.startsWith('}')) {
    const [length, found] = readOne(rest)
    if (found[0]?.type === 'recursive' && nodes.at(-1)?.type === 'recursive') throw new PathSyntaxError(text)
    nodes.push(...found)
    rest = rest.slice(length)
  }
  return nodes
}

function readOne(text: string): [length: number, found: Path] {
  for (const [pattern, read] of readers) {
    const match = pattern.exec(text)
    if (match) return [match[0].length, read(match)]
  }
  throw new PathSyntaxError(text)
}

const literal = (value: unknown): PathNode => ({ type: 'literal', value })

function toField(name: string): PathNode {
  return name === '*' ? { type: 'wildcard' } : { type: 'field', name: name.replaceAll('\\', '') }
}

function toWord(name: string): PathNode {
  return name === 'true' || name === 'false' ? literal(name === 'true') : { type: 'word', name }
}

function toNumber(digits: string): number {
  const number = Number(digits)
  if (Number.isNaN(number)) throw new PathSyntaxError(digits)
  return number
}

function toFilter(text: string): PathNode {
  const [, left, operator, right] = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text) ?? []
  if (left === undefined || operator === undefined || right === undefined)
    return { type: 'filter', left: parse(text), operator: 'exists', right: [] }
  return { type: 'filter', left: parse(left), operator, right: parse(right) }
}

/** What stands in brackets: several, a member in quotes, or indices. */
function toSelection(text: string): Path {
  const parts = text.split(',')
  if (parts.length > 1) return [{ type: 'union', paths: parts.map(part => parse(`[${part.trim()}]`)) }]
  const member = /^'([^']*)'$/.exec(text)?.[1]
  return member === undefined
    ? [{ type: 'slice', slice: toSlice(text === '*' ? ':' : text) }]
    : parse(`.${member}`)
}

function toSlice(text: string): Slice {
  const [, start, end, step] = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text) ?? []
  if (start === undefined) throw new PathSyntaxError(text)
  const first = toIndex(start)
  if (end === undefined) return { start: first, end: (first ?? 0) + 1, isSingle: true }
  return { start: first, end: toIndex(end.slice(1)), step: toIndex(step?.slice(1)), isSingle: false }
}

function toIndex(digits: string | undefined): number | undefined {
  if (digits === undefined || digits === '') return undefined
  return toNumber(digits)
}
