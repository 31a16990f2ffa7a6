import type { ObjectSchema, Schema } from './schema.ts'

type Apply = (value: unknown) => void

const prepared = new WeakMap<Schema, Apply | 'none'>()

/**
 * Fills absent fields, at any depth, with the schema's `+default` values; changes `object` in place. An empty text
 * counts as absent where the Go field is no pointer. What upstream defaults in code (SetDefaults_*) is a strategy's job.
 */
export function applySchemaDefaults(schema: ObjectSchema, object: { [key: string]: unknown }): void {
  const apply = prepare(schema)
  if (apply !== 'none') apply(object)
}

/** `none` for types in which no default lies, so that a walk never enters them. */
function prepare(schema: Schema): Apply | 'none' {
  const known = prepared.get(schema)
  if (known) return known
  if (!hasDefaults(schema, new Set())) {
    prepared.set(schema, 'none')
    return 'none'
  }
  const apply = make(schema)
  prepared.set(schema, apply)
  return apply
}

function hasDefaults(schema: Schema, seen: Set<Schema>): boolean {
  if (seen.has(schema)) return false
  seen.add(schema)
  if (schema.kind === 'list') return hasDefaults(schema.items, seen)
  if (schema.kind === 'map') return hasDefaults(schema.values, seen)
  if (schema.kind !== 'object') return false
  for (const field of schema.fields.values()) {
    if (field.defaultValue !== undefined || hasDefaults(field.schema, seen)) return true
  }
  return false
}

function make(schema: Schema): Apply {
  if (schema.kind === 'list') return forEach(schema.items, value => (Array.isArray(value) ? value : []))
  if (schema.kind === 'map') return forEach(schema.values, value => Object.values(value ?? {}))
  return schema.kind === 'object' ? fillObject(schema) : () => {}
}

function forEach(inner: Schema, itemsOf: (value: unknown) => readonly unknown[]): Apply {
  return value => {
    const apply = prepare(inner)
    if (apply !== 'none') for (const item of itemsOf(value)) apply(item)
  }
}

function fillObject(schema: ObjectSchema): Apply {
  const fields = [...schema.fields.values()].filter(field => {
    return field.defaultValue !== undefined || hasDefaults(field.schema, new Set())
  })
  return value => {
    if (typeof value !== 'object' || value === null) return
    const object = value as { [key: string]: unknown }
    for (const { name, schema: inner, defaultValue, pointer } of fields) {
      const isAbsent = object[name] === undefined || (object[name] === '' && !pointer)
      if (isAbsent && defaultValue !== undefined) object[name] = structuredClone(defaultValue)
      const apply = prepare(inner)
      if (apply !== 'none' && object[name] !== undefined) apply(object[name])
    }
  }
}
