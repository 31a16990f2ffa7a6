import type { ObjectSchema, Schema } from './schema.ts'

type JsonFields = Readonly<Record<string, unknown>>

/**
 * The object with its members in the order in which Go prints them: those of a type as they are declared, those of a map
 * by their keys, what the schema does not know at the end. For answers that are made once and never stored.
 */
export function inDeclaredOrder<T extends object>(schema: ObjectSchema, object: T): T {
  return ordered(schema, object) as T
}

function ordered(schema: Schema | undefined, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = schema?.kind === 'list' ? schema.items : undefined
    return value.map(item => ordered(items, item))
  }
  const given = value as JsonFields
  if (schema?.kind !== 'object') return orderedMap(schema?.kind === 'map' ? schema.values : undefined, given)
  const known = [...schema.fields.keys()].filter(name => given[name] !== undefined)
  const names = new Set([...known, ...Object.keys(given)])
  return Object.fromEntries(
    [...names].map(name => [name, ordered(schema.fields.get(name)?.schema, given[name])]),
  )
}

function orderedMap(values: Schema | undefined, given: JsonFields): JsonFields {
  const names = Object.keys(given).toSorted()
  return Object.fromEntries(names.map(name => [name, ordered(values, given[name])]))
}
