/**
 * Types of the language for what a schema describes (apiserver pkg/cel/common/schemas.go SchemaDeclType). Structures are made
 * when a field of theirs is looked at, so schemas may contain themselves.
 */
import { own } from '../../std/own.ts'
import type { Schema } from '../schema/schema.ts'
import type { Structure } from './language/environment.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  stringType,
  structType,
  type Type,
  timestampType,
} from './language/type.ts'
import { fieldNames } from './names.ts'

/** A type, and where its structures are found by name. */
export interface DeclaredType {
  readonly type: Type
  find(name: string): Structure | undefined
}

/** What is looked at of an OpenAPI schema. */
export interface OpenApiSchema {
  readonly type?: string
  readonly format?: string
  readonly properties?: { readonly [name: string]: OpenApiSchema }
  readonly additionalProperties?: unknown
  readonly items?: unknown
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
}

type Found = Map<string, Structure>

/** The type of objects of a kind of ours; undefined for what expressions cannot see. */
export function typeOfSchema(schema: Schema, name: string): DeclaredType | undefined {
  const found: Found = new Map()
  const type = fromSchema(schema, name, found)
  return type && { type, find: each => found.get(each) }
}

/** Upstream looks at what is published of a kind, where quantities and free JSON have no type: nobody sees them. */
const scalars: Readonly<Record<string, Type>> = {
  string: stringType,
  bool: boolType,
  int32: intType,
  int64: intType,
  uint32: intType,
  uint64: intType,
  double: doubleType,
  bytes: bytesType,
  time: timestampType,
  microTime: timestampType,
  duration: stringType,
  intOrString: dynType,
}
/** Published as objects of which nothing is known. */
const blank: ReadonlySet<string> = new Set(['fieldsV1', 'rawExtension'])

/** `around`: the types that it lies in. One of them again is looked at no further, as upstream does. */
function fromSchema(
  schema: Schema,
  name: string,
  found: Found,
  around: readonly Schema[] = [],
): Type | undefined {
  if (schema.kind === 'list') {
    const items = fromSchema(schema.items, `${name}.@idx`, found, around)
    return items && listOf(items)
  }
  if (schema.kind === 'map') {
    const values = fromSchema(schema.values, `${name}.@elem`, found, around)
    return values && mapOf(stringType, values)
  }
  if (schema.kind !== 'object' && !blank.has(schema.kind)) return scalars[schema.kind]
  const isOpen = schema.kind === 'object' && !around.includes(schema)
  const fields = isOpen ? [...schema.fields.values()] : []
  const byName = new Map(fields.flatMap(field => fieldNames(field.name).map(each => [each, field])))
  found.set(name, {
    name,
    field(wanted) {
      const field = byName.get(wanted)
      return field && fromSchema(field.schema, `${name}.${wanted}`, found, [...around, schema])
    },
  })
  return structType(name)
}

/**
 * The type of what an OpenAPI schema describes; undefined for what expressions cannot see. `objectMeta` is the type of
 * the metadata of whole objects; without it expressions see but their names.
 */
export function typeOfOpenApi(
  schema: OpenApiSchema,
  name: string,
  isRoot: boolean,
  objectMeta?: Schema,
): DeclaredType | undefined {
  const found: Found = new Map()
  const type = fromOpenApi(schema, { name, found, isRoot, objectMeta })
  return type && { type, find: each => found.get(each) }
}

interface Place {
  readonly name: string
  readonly found: Found
  /** Of a resource: its type and names are there whatever the schema says. */
  readonly isRoot: boolean
  readonly objectMeta: Schema | undefined
}

function fromOpenApi(schema: OpenApiSchema, place: Place): Type | undefined {
  if (schema['x-kubernetes-int-or-string']) return dynType
  const { name } = place
  switch (schema.type) {
    case 'array':
      return ofItems(schema, { ...place, name: `${name}.@idx` })
    case 'object':
      return ofObject(schema, place)
    case 'string':
      return own(textTypes, schema.format ?? '') ?? stringType
    case 'boolean':
      return boolType
    case 'number':
      return doubleType
    case 'integer':
      return intType
  }
  return undefined
}

const textTypes: Readonly<Record<string, Type>> = {
  byte: bytesType,
  duration: durationType,
  date: timestampType,
  'date-time': timestampType,
}

function inner(schema: OpenApiSchema, place: Place): Type | undefined {
  return fromOpenApi(schema, { ...place, isRoot: schema['x-kubernetes-embedded-resource'] === true })
}

function ofItems({ items }: OpenApiSchema, place: Place): Type | undefined {
  const schema = (Array.isArray(items) ? items[0] : items) as OpenApiSchema | undefined
  const type = schema && inner(schema, place)
  return type && listOf(type)
}

function ofObject(schema: OpenApiSchema, place: Place): Type | undefined {
  const { additionalProperties: free, properties = {} } = schema
  if (typeof free === 'object' && free !== null) {
    const values = inner(free as OpenApiSchema, { ...place, name: `${place.name}.@elem` })
    return values && mapOf(stringType, values)
  }
  const { name, found, isRoot, objectMeta } = place
  const all = isRoot ? { ...identity, ...properties, metadata } : properties
  const entries = Object.entries(all)
  const byName = new Map(entries.flatMap(([field, each]) => fieldNames(field).map(one => [one, each])))
  found.set(name, {
    name,
    field(wanted) {
      if (isRoot && objectMeta && wanted === 'metadata')
        return fromSchema(objectMeta, `${name}.${wanted}`, found)
      const field = byName.get(wanted)
      return field && inner(field, { ...place, name: `${name}.${wanted}` })
    },
  })
  return structType(name)
}

const identity: Readonly<Record<string, OpenApiSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
}
const metadata: OpenApiSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
}
