import { messageOf } from '../../std/message.ts'
import { decodeYaml } from '../codec/yaml.ts'

/** What a field of a configuration document may hold. A shape in brackets is a list of it. */
export type Shape =
  | 'string'
  | 'boolean'
  | 'integer'
  /** Go's spelling: `1m30s`. */
  | 'duration'
  /** A document of its own, which another reader checks. */
  | 'embedded'
  | readonly [Shape]
  | { readonly mapOf: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> }

export interface DocumentKind {
  readonly kind: string
  /** Every apiVersion that is accepted; their fields are the same. */
  readonly apiVersions: readonly string[]
  readonly fields: Readonly<Record<string, Shape>>
}

/** A configuration document that cannot be used. The message names what is wrong and where. */
export class DocumentError extends Error {
  override name = 'DocumentError'
}

/**
 * Reads a configuration document such as AuthenticationConfiguration from YAML or JSON. Unknown and duplicate
 * fields, wrong types and other kinds are refused (`DocumentError`), as upstream's strict decoding does. Of several
 * kinds the one that the document names counts.
 */
export function readDocument<T>(text: string, ...kinds: readonly DocumentKind[]): T {
  const problems: string[] = []
  const { apiVersion, kind: found, ...rest } = parse(text, problems)
  const meant = kinds.find(
    ({ kind, apiVersions }) => found === kind && apiVersions.includes(String(apiVersion)),
  )
  if (meant) return checked(rest, meant.fields, problems)
  const given = `no kind "${String(found ?? '')}" is registered for version "${String(apiVersion ?? '')}"`
  const expected = kinds.map(({ kind, apiVersions }) => `${kind} of ${apiVersions.join(' or ')}`)
  throw new DocumentError(`${given}; expected ${expected.join(', or ')}`)
}

/** The same for a document that has no kind and version. */
export function readFields<T>(text: string, fields: DocumentKind['fields']): T {
  const problems: string[] = []
  return checked(parse(text, problems), fields, problems)
}

function checked<T>(found: object, fields: DocumentKind['fields'], problems: string[]): T {
  check(found, { fields }, '', problems)
  if (problems.length > 0) throw new DocumentError(`strict decoding error: ${problems.join(', ')}`)
  return found as T
}

function parse(text: string, problems: string[]): Record<string, unknown> {
  let value: unknown
  try {
    const { json, strictErrors } = decodeYaml(text, { strict: true })
    value = JSON.parse(json)
    problems.push(...strictErrors)
  } catch (error) {
    throw new DocumentError(messageOf(error), { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new DocumentError('the document is not a map of fields')
}

function check(value: unknown, shape: Shape, path: string, problems: string[]): void {
  if (value === null || value === undefined) return
  if (typeof shape === 'string') {
    if (!scalarTests[shape](value)) problems.push(`${path}: expected ${shape}, got ${JSON.stringify(value)}`)
  } else if (isList(shape)) {
    if (!Array.isArray(value)) problems.push(`${path}: expected a list`)
    else for (const [i, item] of value.entries()) check(item, shape[0], `${path}[${i}]`, problems)
  } else if (typeof value !== 'object' || Array.isArray(value)) problems.push(`${path}: expected a map`)
  else
    for (const [name, item] of Object.entries(value))
      checkField(item, [shape, name], path ? `${path}.${name}` : name, problems)
}

type MapShape = Exclude<Shape, string | readonly [Shape]>

function checkField(
  value: unknown,
  [shape, name]: [MapShape, string],
  path: string,
  problems: string[],
): void {
  const inner = 'mapOf' in shape ? shape.mapOf : Object.hasOwn(shape.fields, name) && shape.fields[name]
  if (inner) check(value, inner, path, problems)
  else problems.push(`unknown field "${path}"`)
}

function isList(shape: Exclude<Shape, string>): shape is readonly [Shape] {
  return Array.isArray(shape)
}

const durationPattern = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/
const scalarTests = {
  string: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  integer: (value: unknown) => Number.isInteger(value),
  duration: (value: unknown) => typeof value === 'string' && (value === '0' || durationPattern.test(value)),
  embedded: (value: unknown) => typeof value === 'object' && !Array.isArray(value),
} as const
