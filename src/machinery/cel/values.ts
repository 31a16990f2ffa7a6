import { rulesEnvironment } from './environment.ts'

/** What the conversion looks at of an OpenAPI schema. */
export interface ValueSchema {
  readonly type?: string
  readonly format?: string
  readonly properties?: { readonly [name: string]: ValueSchema }
  readonly additionalProperties?: unknown
  readonly items?: unknown
}

/** JSON as CEL sees it through its schema: ints, timestamps, durations and bytes; names that CEL cannot write are escaped. */
export function toCel(schema: ValueSchema | undefined, value: unknown): unknown {
  if (typeof value === 'number') {
    return schema?.type === 'number' || !Number.isInteger(value) ? value : BigInt(value)
  }
  if (typeof value === 'string') return schema?.format ? textToCel(schema.format, value) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = (Array.isArray(schema?.items) ? schema.items[0] : schema?.items) as ValueSchema | undefined
    return value.map(item => toCel(items, item))
  }
  return new Map(members(schema, value as { [key: string]: unknown }))
}

function* members(
  schema: ValueSchema | undefined,
  value: { [key: string]: unknown },
): Generator<[string, unknown]> {
  const { properties = {}, additionalProperties } = schema ?? {}
  for (const [key, item] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) yield [escapeName(key), toCel(properties[key], item)]
    else {
      const inner =
        typeof additionalProperties === 'object' ? (additionalProperties as ValueSchema) : undefined
      yield [key, toCel(inner, item)]
    }
  }
}

function textToCel(format: string, text: string): unknown {
  switch (format) {
    case 'date':
      return new Date(`${text}T00:00:00Z`)
    case 'date-time':
      return new Date(text)
    case 'duration':
      return rulesEnvironment().evaluate(`duration(${JSON.stringify(text)})`)
    case 'byte':
      return new Uint8Array(Buffer.from(text, 'base64'))
    default:
      return text
  }
}

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}

/** apiserver pkg/cel escaping.go: `a-b` is written `a__dash__b` in a rule. */
function escapeName(name: string): string {
  if (reserved.has(name)) return `__${name}__`
  return name.replace(/__|[.\-/]/g, part => escapes[part]!)
}
