import { quote } from '../../meta/quote.ts'
import type { ObjectSchema, Schema } from '../../schema/schema.ts'

/** sigs.k8s.io/json reports no more than these. */
const errorsMax = 100
/** Upstream reads these with their own code, which does not look for unknown or duplicate fields. */
const opaque: ReadonlySet<string> = new Set([
  'fieldsV1',
  'rawExtension',
  'json',
  'schemaOrBool',
  'schemaOrArray',
  'schemaOrStringArray',
])

/** Whether upstream reads what lies below with code of its own. */
export function isOpaque({ kind }: Schema): boolean {
  return opaque.has(kind)
}

interface Scan {
  readonly text: string
  at: number
  readonly errors: Set<string>
}

/**
 * How many members the objects of a JSON text have. More than a walk over the parsed value finds means that some
 * name came twice. `text` is known to be JSON.
 */
export function countMembersOfText(text: string): number {
  let members = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = stringEnd(text, at)
    let code = text.charCodeAt(at)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at)
    if (code === 0x3a) members++
  }
  return members
}

/** The place after the string that starts at `at`. */
function stringEnd(text: string, at: number): number {
  let end = text.indexOf('"', at + 1)
  while (text[end - 1] === '\\' && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, at: number): boolean {
  let start = at
  while (text[start - 1] === '\\') start--
  return (at - start) % 2 === 1
}

/**
 * Unknown and duplicate fields in the order and words of upstream's strict decoder: `unknown field "spec.x"`,
 * `duplicate field "metadata.labels.a"`. `text` is known to be JSON; without a schema all names are known.
 */
export function findStrictErrors(schema: ObjectSchema | undefined, text: string): string[] {
  const scan: Scan = { text, at: 0, errors: new Set() }
  scanValue(scan, schema ?? { kind: 'any' }, '')
  return [...scan.errors].slice(0, errorsMax)
}

/** Without a schema nothing inside is reported. */
function scanValue(scan: Scan, schema: Schema | undefined, path: string): void {
  skipSpace(scan)
  const first = scan.text[scan.at]
  const inner = schema && isOpaque(schema) ? undefined : schema
  if (!inner && (first === '{' || first === '[')) skipNested(scan)
  else if (first === '{') scanObject(scan, inner, path)
  else if (first === '[') scanArray(scan, inner, path)
  else if (first === '"') scan.at = stringEnd(scan.text, scan.at)
  else skipWord(scan)
}

/** Nobody asks what is in there. */
function skipNested(scan: Scan): void {
  const { text } = scan
  let depth = 0
  do {
    const code = text.charCodeAt(scan.at)
    if (code === 0x22) scan.at = stringEnd(text, scan.at)
    else {
      if (code === 0x5b || code === 0x7b) depth++
      else if (code === 0x5d || code === 0x7d) depth--
      scan.at++
    }
  } while (depth > 0)
}

function skipSpace(scan: Scan): void {
  while (' \n\r\t'.includes(scan.text[scan.at] ?? 'x')) scan.at++
}

function skipWord(scan: Scan): void {
  while (scan.at < scan.text.length && !',]} \n\r\t'.includes(scan.text[scan.at]!)) scan.at++
}

function scanArray(scan: Scan, schema: Schema | undefined, path: string): void {
  const items = schema?.kind === 'list' ? schema.items : schema?.kind === 'any' ? schema : undefined
  scan.at++
  skipSpace(scan)
  for (let index = 0; scan.text[scan.at] !== ']'; index++) {
    scanValue(scan, items, `${path}[${index}]`)
    skipSpace(scan)
    if (scan.text[scan.at] === ',') scan.at++
    skipSpace(scan)
  }
  scan.at++
}

function scanObject(scan: Scan, schema: Schema | undefined, path: string): void {
  const seen = new Set<string>()
  scan.at++
  skipSpace(scan)
  while (scan.text[scan.at] !== '}') {
    const start = scan.at
    scan.at = stringEnd(scan.text, start)
    const name = textAt(scan, start)
    skipSpace(scan)
    scan.at++
    skipSpace(scan)
    scanMember(scan, schema, path, { name, isTwice: seen.has(name) })
    seen.add(name)
    skipSpace(scan)
    if (scan.text[scan.at] === ',') scan.at++
    skipSpace(scan)
  }
  scan.at++
}

/** The string that ends here. */
function textAt({ text, at }: Scan, start: number): string {
  const inner = text.slice(start + 1, at - 1)
  return inner.includes('\\') ? (JSON.parse(text.slice(start, at)) as string) : inner
}

function scanMember(
  scan: Scan,
  schema: Schema | undefined,
  outer: string,
  { name, isTwice }: { name: string; isTwice: boolean },
): void {
  const path = () => (outer === '' ? name : `${outer}.${name}`)
  const inner = memberSchema(schema, name)
  const isKnown = schema?.kind !== 'object' || inner !== undefined || schema.preserveUnknown
  if (!isKnown) scan.errors.add(`unknown field ${quote(path())}`)
  else if (schema && isTwice) scan.errors.add(`duplicate field ${quote(path())}`)
  const first = scan.text[scan.at]
  // Members by the ten thousand: only what has some of its own needs a path.
  scanValue(scan, inner, first === '{' || first === '[' ? path() : '')
}

function memberSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (schema?.kind === 'object') return schema.fields.get(name)?.schema
  if (schema?.kind === 'map') return schema.values
  return schema?.kind === 'any' ? schema : undefined
}
