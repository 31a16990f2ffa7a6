/** How apply sees a value through its schema: as one leaf, as a map of members, or as a list of named items. */
import { hasMembers } from '../meta/derived.ts'
import type { JsonMap } from '../meta/json.ts'
import { isMap, setMember } from '../meta/json.ts'
import type { Field, ObjectSchema, Schema } from '../schema/schema.ts'
import { zeroValue } from '../schema/zero.ts'

export type Shape = 'leaf' | 'map' | 'list'

const free: Schema = { kind: 'any' }

/** What the schema makes of a value. A null takes the schema's shape; a value of another type is one leaf. */
export function shapeOf(schema: Schema, value: unknown): Shape {
  switch (schema.kind) {
    case 'object':
    case 'map':
      return schema.atomic || !(value === null || isMap(value)) ? 'leaf' : 'map'
    case 'list':
      return schema.listType === 'atomic' || !(value === null || Array.isArray(value)) ? 'leaf' : 'list'
    case 'any':
    case 'rawExtension':
    case 'fieldsV1':
      return isMap(value) ? 'map' : 'leaf'
    default:
      return 'leaf'
  }
}

const nestable: ReadonlySet<Schema['kind']> = new Set([
  'object',
  'map',
  'list',
  'any',
  'rawExtension',
  'fieldsV1',
])

/** Whether a value of this schema is one leaf, whatever it is. */
export function isAlwaysLeaf({ kind }: Schema): boolean {
  return !nestable.has(kind)
}

/** The schema of a member; members that no schema declares are free JSON. */
export function memberSchema(schema: Schema, key: string): Schema {
  if (schema.kind === 'object') return schema.fields.get(key)?.schema ?? free
  return schema.kind === 'map' ? schema.values : free
}

/** Whether the schema names this member itself, as Go's struct fields are. */
export function isDeclared(schema: Schema, key: string): boolean {
  return schema.kind === 'object' && schema.fields.has(key)
}

/**
 * A member as upstream's typed object has it: a Go struct field that is not left out when empty is always there
 * with its zero value, and one that is left out is not there when it is empty.
 */
export function memberOf(schema: Schema, map: JsonMap, key: string): unknown {
  const value = Object.hasOwn(map, key) ? map[key] : undefined
  const field = schema.kind === 'object' ? schema.fields.get(key) : undefined
  if (!field) return value
  if (value === null && field.keepsNull) return null
  if (value === undefined || value === null) return field.omitEmpty ? undefined : zeroOf(field)
  return field.omitEmpty && !field.pointer && isEmpty(value) ? undefined : value
}

/** A member as it lies in a configuration: what is written counts, also when it is empty. */
export function writtenMemberOf(schema: Schema, map: JsonMap, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : memberOf(schema, map, key)
}

/** The value without the members that a typed object would leave out; what needs no change is shared. */
export function withoutEmpties<T>(schema: Schema, value: T): T {
  if (Array.isArray(value)) {
    if (schema.kind !== 'list') return value
    const items = value.map(item => withoutEmpties(schema.items, item))
    return items.some((item, index) => item !== value[index]) ? (items as T) : value
  }
  if (!isMap(value) || (schema.kind !== 'object' && schema.kind !== 'map')) return value
  let changed = false
  const kept: JsonMap = {}
  for (const key of Object.keys(value)) {
    const member =
      isDeclared(schema, key) && memberOf(schema, value, key) === undefined ? undefined : value[key]
    const below = withoutEmpties(memberSchema(schema, key), member)
    if (below !== value[key]) changed = true
    if (below !== undefined) setMember(kept, key, below)
  }
  return changed ? (kept as T) : value
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object') return value === '' || value === 0 || value === false
  if (Array.isArray(value)) return value.length === 0
  return !hasMembers(value as object)
}

const noMembers: JsonMap = Object.freeze({})

/** What Go has in a field that nobody set. */
export function zeroOf({ pointer, schema }: Field): unknown {
  if (pointer) return null
  return schema.kind === 'object' ? noMembers : (zeroValue(schema) ?? null)
}

const standing = new WeakMap<ObjectSchema, readonly string[]>()

/** Names of the members that a typed object always has. */
export function standingMembers(schema: Schema): readonly string[] {
  if (schema.kind !== 'object') return []
  let names = standing.get(schema)
  if (!names) {
    names = [...schema.fields.values()].filter(field => !field.omitEmpty).map(field => field.name)
    standing.set(schema, names)
  }
  return names
}
