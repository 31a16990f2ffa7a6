import {
  Composer,
  type CST,
  type Document,
  Lexer,
  LineCounter,
  Parser,
  type ScalarTag,
  type Tags,
} from 'yaml'
import { exactInteger, parseExact } from '../../std/exact-json.ts'
import type { Breathe } from '../../std/turns.ts'
import { DecodeError } from './errors.ts'
import { countMembers } from './json/conform.ts'
import { hasHugeNumbers, hasOddNumbers, prepareJson } from './json/parse.ts'
import { countMembersOfText } from './json/strict.ts'
import { exceedsNesting } from './json/syntax.ts'
import { newTally } from './json/tally.ts'
import { aliasFault, duplicateKeys, requireFinite, yamlFault } from './yaml-faults.ts'

type Token = CST.Token

/** Aliases that one document may expand to; a "billion laughs" is refused. */
const aliasesMax = 100
/** Upstream takes 10,000; the library needs the stack for each, and the square of the time. */
const nestingMax = 1_000
/** Readings of YAML 1.1 that Go's YAML does not share: `12:30` is a text there, and so is a date. */
const foreignTags: ReadonlySet<string> = new Set([
  'tag:yaml.org,2002:timestamp',
  'tag:yaml.org,2002:binary',
  'tag:yaml.org,2002:omap',
  'tag:yaml.org,2002:pairs',
  'tag:yaml.org,2002:set',
])

/** `0o777`, which YAML 1.1 does not know. */
const newOctal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0o[0-7_]+$/,
  resolve(text) {
    const size = exactInteger(BigInt(text.replace(/^[-+]/, '').replaceAll('_', '')))
    return text.startsWith('-') ? -size : size
  },
}

/** What no float64 holds is a text to Go. */
const hugeFloat: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^(?=.*(?:[eE]\+?[0-9]{3}|[0-9]{309}))[-+]?(?:[0-9][0-9_]*)?(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?$/,
  resolve(text) {
    const size = Number(text.replaceAll('_', ''))
    return Number.isFinite(size) ? size : text
  },
}

/** To Go the bytes are a text. */
const binaryText: ScalarTag = {
  tag: 'tag:yaml.org,2002:binary',
  resolve: text => Buffer.from(text, 'base64').toString('utf8'),
}

/** Integers that a number may not hold. */
const longInteger = /[0-9]{16}/

export interface DecodedYaml {
  /** JSON text of the first document, ready for `decodeJson`. */
  readonly json: string
  /** The same in bytes that `prepareJson` has read; absent where the body was short. */
  readonly bytes?: Uint8Array
  /** Duplicate keys in upstream's words; empty unless strict. */
  readonly strictErrors: readonly string[]
}

/** The library keeps the event loop for seconds where a text is long; this does its work elsewhere. */
export interface LongYaml {
  /** What `decodeYaml` gives, strictly. */
  read(text: string): Promise<DecodedYaml>
  /** JSON text as YAML. */
  print(json: string): Promise<string>
}

/** Reads the first YAML document as upstream does (YAML 1.1 booleans, keys become texts) and gives it as JSON. Throws DecodeError. */
export function decodeYaml(
  body: string | Uint8Array,
  { strict = false }: { readonly strict?: boolean } = {},
): DecodedYaml {
  const known = typeof body === 'string' ? undefined : prepared.get(body)
  if (known instanceof DecodeError) throw known
  if (known) return strict ? known : { ...known, strictErrors: [] }
  return readYaml(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'), strict)
}

const prepared = new WeakMap<Uint8Array, DecodedYaml | DecodeError>()

/** Has a long body read elsewhere, and here with pauses; what comes of it is what `decodeYaml` then gives for the same bytes. */
export async function prepareYaml(body: Uint8Array, yaml: LongYaml, breathe: Breathe): Promise<void> {
  try {
    const decoded = await yaml.read(Buffer.from(body).toString('utf8'))
    const bytes = Buffer.from(decoded.json)
    await prepareJson(bytes, breathe)
    prepared.set(body, { ...decoded, bytes })
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    prepared.set(body, error)
  }
}

function readYaml(text: string, strict: boolean): DecodedYaml {
  if (isPlainJson(text)) return { json: respelled(text), strictErrors: [] }
  const lines = new LineCounter()
  const document = compose(firstDocument(text), lines)
  const [fatal] = document?.errors ?? []
  if (fatal) throw new DecodeError(`yaml: ${yamlFault(fatal, lines)}`)
  try {
    const twice = duplicateKeys(document, lines)
    const value: unknown = document?.toJS({ maxAliasCount: aliasesMax })
    requireFinite(text, value)
    return { json: JSON.stringify(value) ?? 'null', strictErrors: strict ? twice : [] }
  } catch (error) {
    if (error instanceof DecodeError) throw error
    throw new DecodeError(`yaml: ${aliasFault(error as Error, document)}`)
  }
}

/** JSON is YAML, and what clients mostly send as YAML; with a key twice it is left to the slower reader. */
function isPlainJson(text: string): boolean {
  if (!text.startsWith('{') || hasHugeNumbers(text) || exceedsNesting(text)) return false
  try {
    const tally = newTally()
    countMembers(JSON.parse(text), tally)
    return tally.members === countMembersOfText(text)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DecodeError) return false
    throw error
  }
}

/** To YAML `80.0` is the same as 80. */
function respelled(text: string): string {
  return hasOddNumbers(text) ? JSON.stringify(parseExact(text)) : text
}

/** What `parseDocument` of the library does, with a bound on nesting; it has no uniqueness check, which takes n². */
function compose(source: string, lines: LineCounter): Document.Parsed | undefined {
  const composer = new Composer({
    version: '1.1',
    uniqueKeys: false,
    intAsBigInt: longInteger.test(source),
    logLevel: 'silent',
    customTags: tags => goTags(tags),
  })
  const [document] = composer.compose(boundedTokens(source, lines), true, source.length)
  return document
}

function* boundedTokens(source: string, lines: LineCounter): Generator<Token, void, void> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(source)) {
    yield* parser.next(lexeme)
    if (parser.stack.length > nestingMax) throw new DecodeError(`yaml: exceeded max depth of ${nestingMax}`)
  }
  yield* parser.end()
}

/** Upstream's decoder looks at no document but the first. */
function firstDocument(text: string): string {
  const rest = text.replace(/^(?:\s*(?:#[^\n]*)?\n|%[^\n]*\n)*---[ \t]*(?:#[^\n]*)?\n/, '')
  const end = rest.search(/^(?:---|\.\.\.)(?:\s|$)/m)
  return end < 0 ? rest : rest.slice(0, end)
}

function goTags(tags: Tags): Tags {
  const known = tags.filter(tag => {
    if (typeof tag === 'string') return true
    return !foreignTags.has(tag.tag) && !('format' in tag && tag.format === 'TIME')
  })
  return [newOctal, hugeFloat, binaryText, ...known]
}
