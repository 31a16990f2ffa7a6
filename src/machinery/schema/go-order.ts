import type { Schema } from './schema.ts'

type Members = Readonly<Record<string, unknown>>

/** The value with its members as Go's JSON prints them: fields as the type has them, keys of maps sorted. */
export function inGoOrder(schema: Schema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (schema.kind === 'map') return sortedMap(value as Members, item => inGoOrder(schema.values, item))
  if (schema.kind === 'list')
    return Array.isArray(value) ? value.map(item => inGoOrder(schema.items, item)) : value
  if (schema.kind !== 'object' || schema.preserveUnknown) return value
  const given = value as Members
  const present = [...schema.fields.values()].filter(({ name }) => given[name] !== undefined)
  return Object.fromEntries(present.map(field => [field.name, inGoOrder(field.schema, given[field.name])]))
}

/** The map with sorted keys, each value as `show` has it. */
export function sortedMap(map: Members, show: (value: unknown) => unknown): Members {
  const keys = Object.keys(map).sort()
  return Object.fromEntries(keys.map(key => [key, show(map[key])]))
}
