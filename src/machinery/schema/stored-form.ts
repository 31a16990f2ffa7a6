import { innerFields, type PerSchema, perSchema } from './per-schema.ts'
import type { Field, ObjectSchema } from './schema.ts'

type JsonFields = Record<string, unknown>
type Dropper = (value: unknown) => void

/**
 * Makes of `object`, in place, what comes back from upstream's store: protobuf has no word for a list or map that is
 * empty, so one that Go would print (no `omitempty`) is nothing from then on and shown as `null`. What is frozen comes
 * from there already.
 */
export function toStoredForm(schema: ObjectSchema, object: object): void {
  dropperOf(schema)?.(object)
}

/** Of a schema in which nothing comes back from a store in another form there is none. */
const dropperOf = perSchema<Dropper>((schema, ofPart) => {
  if (schema.kind === 'object') return objectDropper(schema, ofPart)
  const inner = schema.kind === 'list' ? schema.items : schema.kind === 'map' ? schema.values : undefined
  const drop = inner && ofPart(inner)
  if (!drop) return undefined
  if (schema.kind === 'list') return list => (list as readonly unknown[]).forEach(drop)
  return map => Object.values(map as JsonFields).forEach(drop)
})

function isPrintedEmpty({ omitEmpty, pointer, schema: { kind } }: Field): boolean {
  return !omitEmpty && !pointer && (kind === 'list' || kind === 'map')
}

function objectDropper(schema: ObjectSchema, ofPart: PerSchema<Dropper>): Dropper | undefined {
  const printed = [...schema.fields.values()].filter(isPrintedEmpty).map(({ name }) => name)
  const inner = innerFields(schema, ofPart)
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
