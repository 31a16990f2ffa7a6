/**
 * How large values of a schema can be within one request (apiserver pkg/cel/common/schemas.go): what is not bounded by the
 * schema is bounded by the bytes of a request.
 */
import type { OpenApiSchema } from './declared-types.ts'
import type { SizeOf } from './language/estimate.ts'
import { escapeName } from './names.ts'

const requestBytesMax = 3 * 1024 * 1024
const quotes = 2
const braces = 2

/** The bounds of a schema beside what it says of types. */
export interface BoundedSchema extends OpenApiSchema {
  readonly properties?: { readonly [name: string]: BoundedSchema }
  readonly maxLength?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly default?: unknown
}

export interface Bounds {
  /** Characters, bytes, items or entries; 0 for what has no size. */
  readonly max: number
  /** As JSON. */
  readonly bytesMin: number
  readonly values?: Bounds
  readonly keys?: Bounds
  readonly fields?: ReadonlyMap<string, Bounds>
}

/** Undefined for what expressions cannot see. */
export function boundsOf(schema: BoundedSchema, isRoot: boolean): Bounds | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return {
      max: schema.maxLength === undefined ? requestBytesMax - quotes : characters(schema),
      bytesMin: 1,
    }
  switch (schema.type) {
    case 'array':
      return ofItems(schema)
    case 'object':
      return ofObject(schema, isRoot)
    case 'string':
      return ofText(schema)
    case 'boolean':
      return { max: 0, bytesMin: 4 }
    case 'number':
    case 'integer':
      return { max: 0, bytesMin: 1 }
  }
  return undefined
}

const within = (schema: BoundedSchema) => boundsOf(schema, schema['x-kubernetes-embedded-resource'] === true)

/** A character may be four bytes long. */
const characters = ({ maxLength = 0 }: BoundedSchema) => atLeastNone(maxLength) * 4

/** What no number can hold exactly comes as a bigint. */
const atLeastNone = (bound: number) => Math.max(0, Number(bound))

const texts: Readonly<Record<string, Bounds>> = {
  duration: { max: 32, bytesMin: 3 },
  date: { max: 12, bytesMin: 12 },
  'date-time': { max: 32, bytesMin: 21 },
}

function ofText(schema: BoundedSchema): Bounds {
  const { format = '', maxLength, enum: values = [] } = schema
  if (Object.hasOwn(texts, format)) return texts[format]!
  if (maxLength !== undefined)
    return { max: format === 'byte' ? atLeastNone(maxLength) : characters(schema), bytesMin: quotes }
  if (format === 'byte' || values.length === 0) return { max: requestBytesMax - quotes, bytesMin: quotes }
  const lengths = values.map(value => (typeof value === 'string' ? Buffer.byteLength(value) : 0))
  return { max: Math.max(...lengths), bytesMin: quotes }
}

function ofItems({ items, maxItems }: BoundedSchema): Bounds | undefined {
  const schema = (Array.isArray(items) ? items[0] : items) as BoundedSchema | undefined
  const values = schema && within(schema)
  if (!values) return undefined
  const fitting = Math.floor((requestBytesMax - braces) / (values.bytesMin + 1))
  return { max: maxItems === undefined ? fitting : atLeastNone(maxItems), bytesMin: braces, values }
}

/** A key with its quotes, a colon and a comma. */
const entryBytes = 6

function ofObject(schema: BoundedSchema, isRoot: boolean): Bounds | undefined {
  const { additionalProperties: free, maxProperties } = schema
  if (typeof free !== 'object' || free === null) return ofFields(schema, isRoot)
  const values = within(free as BoundedSchema)
  if (!values) return undefined
  const fitting = Math.floor((requestBytesMax - braces) / (values.bytesMin + entryBytes))
  const max = maxProperties === undefined ? fitting : atLeastNone(maxProperties)
  return { max, bytesMin: braces, values, keys: { max: 0, bytesMin: quotes } }
}

const text: BoundedSchema = { type: 'string' }
const identity: Readonly<Record<string, BoundedSchema>> = {
  apiVersion: text,
  kind: text,
  metadata: { type: 'object', properties: { name: text, generateName: text } },
}

function ofFields({ properties = {}, required = [] }: BoundedSchema, isRoot: boolean): Bounds {
  const fields = new Map<string, Bounds>()
  let bytesMin = braces
  for (const [name, property] of Object.entries(isRoot ? { ...properties, ...identity } : properties)) {
    const bounds = within(property)
    if (!bounds) continue
    fields.set(escapeName(name), bounds)
    // What is not sent and has a default is filled in by the server.
    if (required.includes(name) && property.default === undefined)
      bytesMin += name.length + bounds.bytesMin + 4
  }
  return { max: 0, bytesMin, fields }
}

/** Sizes of what can be reached from a variable of these bounds, for the estimation of costs. */
export function sizesWithin(root: Bounds): SizeOf {
  return ([, ...path]) => {
    let bounds: Bounds | undefined = root
    for (const name of path) bounds = step(bounds, name)
    return bounds && { min: 0, max: bounds.max }
  }
}

function step(bounds: Bounds | undefined, name: string): Bounds | undefined {
  if (name === '@items' || name === '@values') return bounds?.values
  return name === '@keys' ? bounds?.keys : bounds?.fields?.get(name)
}

/** How often what takes at least so many bytes can be in one request. */
export function occurrencesMax({ bytesMin }: Bounds): number {
  return Math.floor(requestBytesMax / (bytesMin + 1))
}
