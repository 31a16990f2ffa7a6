import type { ObjectSchema, Schema } from './schema.ts'

/** What is made of a schema once, of its parts first; undefined: there is nothing to do below it. */
export type PerSchema<T> = (schema: Schema) => T | undefined

/**
 * Keeps what `make` makes of each schema. `make` asks the function that it is given about the parts; a type that holds
 * itself (JSON schemas) is not looked into again, and has nothing to do there.
 */
export function perSchema<T>(make: (schema: Schema, ofPart: PerSchema<T>) => T | undefined): PerSchema<T> {
  const known = new WeakMap<Schema, { made: T | undefined }>()
  const of: PerSchema<T> = schema => {
    const seen = known.get(schema)
    if (seen) return seen.made
    const entry: { made: T | undefined } = { made: undefined }
    known.set(schema, entry)
    entry.made = make(schema, of)
    return entry.made
  }
  return of
}

/** The fields in which there is something to do, by name. */
export function innerFields<T>({ fields }: ObjectSchema, ofPart: PerSchema<T>): [name: string, made: T][] {
  return [...fields.values()].flatMap(field => {
    const made = ofPart(field.schema)
    return made === undefined ? [] : [[field.name, made] satisfies [string, T]]
  })
}
