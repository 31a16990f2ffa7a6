import type { Field, ObjectSchema, ScalarKind, Schema } from '../../machinery/schema/schema.ts'

export type JsonSchema = { [key: string]: unknown }

/** `k8s.io/api/core/v1.PodSpec` → `io.k8s.api.core.v1.PodSpec`, upstream's definition names. */
export function definitionName(goName: string): string {
  const [host = '', ...path] = goName.split('/')
  return [...host.split('.').toReversed(), ...path].join('.')
}

const scalars: Readonly<Record<ScalarKind, JsonSchema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  uint32: { type: 'integer', format: 'int64' },
  uint64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  intOrString: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  duration: { type: 'string' },
  fieldsV1: { type: 'object' },
  rawExtension: { type: 'object' },
  json: {},
  schemaOrBool: {},
  schemaOrArray: {},
  schemaOrStringArray: {},
  any: {},
}

/** Collects the definitions of object types while their users are written. */
export class Definitions {
  readonly schemas: { [name: string]: JsonSchema } = {}
  readonly #prefix: string

  /** `prefix` is where references point: `#/components/schemas/` or `#/definitions/`. */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** A reference to a named type, whose definition is added at the first asking; nameless types are written in place. */
  refer(schema: ObjectSchema): JsonSchema {
    if (schema.name === undefined) return this.#object(schema)
    const name = definitionName(schema.name)
    if (!this.schemas[name]) {
      this.schemas[name] = {}
      this.schemas[name] = this.#object(schema)
    }
    return { $ref: this.#prefix + name }
  }

  /** Adds what follows from no Go type. */
  define(name: string, schema: JsonSchema): JsonSchema {
    this.schemas[name] ??= schema
    return { $ref: this.#prefix + name }
  }

  #object(schema: ObjectSchema): JsonSchema {
    const properties: JsonSchema = {}
    const required: string[] = []
    for (const field of schema.fields.values()) {
      properties[field.name] = this.#field(field)
      if (field.required) required.push(field.name)
    }
    return {
      type: 'object',
      ...(schema.fields.size > 0 && { properties }),
      ...(required.length > 0 && { required }),
      ...(schema.atomic && { 'x-kubernetes-map-type': 'atomic' }),
      ...(schema.preserveUnknown && { 'x-kubernetes-preserve-unknown-fields': true }),
    }
  }

  #field(field: Field): JsonSchema {
    const value = this.#value(field.schema)
    const extra: JsonSchema = {}
    if (field.defaultValue !== undefined) extra.default = field.defaultValue
    if (field.enumValues && field.schema.kind !== 'list') extra.enum = field.enumValues
    if (field.patchStrategies) extra['x-kubernetes-patch-strategy'] = field.patchStrategies.join(',')
    if (field.patchMergeKey) extra['x-kubernetes-patch-merge-key'] = field.patchMergeKey
    if (Object.keys(extra).length === 0) return value
    return '$ref' in value ? { allOf: [value], ...extra } : { ...value, ...extra }
  }

  #value(schema: Schema): JsonSchema {
    switch (schema.kind) {
      case 'object':
        return this.refer(schema)
      case 'map':
        return { type: 'object', additionalProperties: this.#value(schema.values) }
      case 'list':
        return {
          type: 'array',
          items: this.#value(schema.items),
          'x-kubernetes-list-type': schema.listType,
          ...(schema.listMapKeys && { 'x-kubernetes-list-map-keys': schema.listMapKeys }),
        }
      default:
        return { ...scalars[schema.kind] }
    }
  }
}
