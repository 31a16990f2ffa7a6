import type { Field, ObjectSchema, Schema } from './schema.ts'

type JsonFields = Record<string, unknown>
type Dropper = (value: unknown) => void

/** `undefined`: nothing in it comes back from a store in another form. */
const known = new WeakMap<Schema, Dropper | undefined>()

/**
 * Makes of `object`, in place, what comes back from upstream's store: protobuf has no word for a list or map that is
 * empty, so one that Go would print (no `omitempty`) is nothing from then on and shown as `null`. What is frozen comes
 * from there already.
 */
export function toStoredForm(schema: ObjectSchema, object: object): void {
  const drop = known.has(schema) ? known.get(schema) : dropperOf(schema)
  drop?.(object)
}

function dropperOf(schema: Schema): Dropper | undefined {
  if (known.has(schema)) return known.get(schema)
  // A type that holds itself (JSON schemas) is not looked into again; none of those has such fields.
  known.set(schema, undefined)
  const made = makeDropper(schema)
  known.set(schema, made)
  return made
}

function makeDropper(schema: Schema): Dropper | undefined {
  if (schema.kind === 'object') return objectDropper(schema)
  const inner = schema.kind === 'list' ? schema.items : schema.kind === 'map' ? schema.values : undefined
  const drop = inner && dropperOf(inner)
  if (!drop) return undefined
  if (schema.kind === 'list') return list => (list as readonly unknown[]).forEach(drop)
  return map => Object.values(map as JsonFields).forEach(drop)
}

function isPrintedEmpty({ omitEmpty, pointer, schema: { kind } }: Field): boolean {
  return !omitEmpty && !pointer && (kind === 'list' || kind === 'map')
}

function objectDropper({ fields }: ObjectSchema): Dropper | undefined {
  const printed: string[] = []
  const inner: [name: string, drop: Dropper][] = []
  for (const field of fields.values()) {
    if (isPrintedEmpty(field)) printed.push(field.name)
    const drop = dropperOf(field.schema)
    if (drop) inner.push([field.name, drop])
  }
  if (printed.length + inner.length === 0) return undefined
  return value => {
    const object = value as JsonFields
    for (const name of printed) if (isEmpty(object[name]) && !Object.isFrozen(object)) delete object[name]
    for (const [name, drop] of inner) {
      const held = object[name]
      if (held !== undefined && held !== null) drop(held)
    }
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.length === 0
  for (const _ in value) return false
  return true
}
