import type { Field, ObjectSchema, Schema } from './schema.ts'

/** A field that upstream's Go types always print: no pointer, no `omitempty`. */
interface AlwaysThere {
  readonly name: string
  readonly make: () => unknown
}

const known = new WeakMap<ObjectSchema, readonly AlwaysThere[]>()

/**
 * Gives `target` what Go's zero values would print where a field is absent: `status: {}`, `resources: {}`, `name: ""`.
 * Lists, maps and times, which Go prints as `null` then, stay absent: in memory null and absent are the same.
 */
export function fillZeroValues(schema: ObjectSchema, target: { [key: string]: unknown }): void {
  let fields = known.get(schema)
  if (!fields) {
    fields = [...schema.fields.values()].flatMap(alwaysThere)
    known.set(schema, fields)
  }
  for (const { name, make } of fields) if (target[name] === undefined) target[name] = make()
}

function alwaysThere(field: Field): AlwaysThere[] {
  const { name, schema, pointer, omitEmpty } = field
  return pointer || omitEmpty || zeroValue(schema) === undefined
    ? []
    : [{ name, make: () => zeroValue(schema) }]
}

/** What Go's zero value of this type looks like in JSON; undefined where that is `null`. */
export function zeroValue(schema: Schema): unknown {
  switch (schema.kind) {
    case 'object': {
      const object = {}
      fillZeroValues(schema, object)
      return object
    }
    case 'string':
      return ''
    case 'bool':
      return false
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
    case 'double':
    case 'intOrString':
      return 0
    case 'quantity':
      return '0'
    case 'duration':
      return '0s'
    default:
      return undefined
  }
}
