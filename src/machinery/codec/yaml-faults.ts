/** What Go's YAML says of documents that the library reads, or cannot read. */
import { type Document, isScalar, type LineCounter, type Node, visit, type YAMLError } from 'yaml'
import { formatGoSyntax } from '../meta/json.ts'
import { quote } from '../meta/quote.ts'
import { DecodeError } from './errors.ts'

/** In the words of Go's scanner, which counts lines from none. */
const scannerWords: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'found character that cannot start any token',
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
}

/** Where and why a text is no YAML. */
export function yamlFault({ code, message, pos }: YAMLError, lines: LineCounter): string {
  const { line } = lines.linePos(pos[0])
  const isOpenText = code === 'MISSING_CHAR' && /quote/.test(message)
  const words = isOpenText ? 'found unexpected end of stream' : scannerWords[code]
  if (words === undefined) return `line ${line}: ${message.split(' at line ')[0]}`
  return line > 1 ? `line ${line}: ${words}` : words
}

/** Every key that its map has already, in the order of the text. Throws DecodeError for a key that no JSON has. */
export function duplicateKeys(document: Document.Parsed | undefined, lines: LineCounter): string[] {
  const found: string[] = []
  visit(document ?? null, {
    Map(_key, { items }) {
      const seen = new Set<unknown>()
      for (const { key, value } of items as { key: Node | null; value: Node | null }[]) {
        if (!isScalar(key) && key !== null && 'items' in key) throw invalidKey(key, document!)
        if (!isScalar(key)) continue
        if (key.value === null) throw nullKey(value, document!)
        if (seen.has(key.value)) {
          const { line } = lines.linePos(key.range?.[0] ?? 0)
          found.push(`  line ${line}: key ${quote(String(key.value))} already set in map`)
        }
        seen.add(key.value)
      }
    },
  })
  return found.length > 0 ? [`yaml: unmarshal errors:\n${found.join('\n')}`] : []
}

function invalidKey(key: Node, document: Document): DecodeError {
  return new DecodeError(`yaml: invalid map key: ${goSyntax(key.toJS(document))}`)
}

function nullKey(value: Node | null, document: Document): DecodeError {
  const shown = value === null ? '<nil>' : goSyntax(value.toJS(document))
  return new DecodeError(`unsupported map key of type: %!s(<nil>), key: <nil>, value: ${shown}`)
}

/** As Go's `%#v` prints what its YAML reads. */
function goSyntax(value: unknown): string {
  return formatGoSyntax(value, 'map[interface {}]interface {}')
}

/** A text without one has no number that JSON has not. */
const infinite = /\.(?:inf|nan)\b/i

/** Throws DecodeError for `.inf` and `.nan`, which no JSON can say. */
export function requireFinite(text: string, value: unknown): void {
  if (infinite.test(text)) visitNumbers(value)
}

function visitNumbers(value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new DecodeError(`json: unsupported value: ${goFloat(value)}`)
  if (typeof value !== 'object' || value === null) return
  for (const member of Object.values(value)) visitNumbers(member)
}

function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

/** What is wrong with an alias, in the words of go-yaml. */
export function aliasFault({ message }: Error, document: Document.Parsed | undefined): string {
  if (message.startsWith('Excessive alias')) return 'document contains excessive aliasing'
  const [, unknown] = /^Unresolved alias .*: (.*)$/.exec(message) ?? []
  if (unknown !== undefined) return `unknown anchor '${unknown}' referenced`
  const cyclic = document && cyclicAnchor(document)
  return cyclic === undefined ? message : `anchor '${cyclic}' value contains itself`
}

/** The first anchor whose value has an alias of it within. */
function cyclicAnchor(document: Document.Parsed): string | undefined {
  let found: string | undefined
  visit(document, {
    Alias(_key, { source }, path) {
      if (!path.some(node => (node as { anchor?: string }).anchor === source)) return undefined
      found = source
      return visit.BREAK
    },
  })
  return found
}
