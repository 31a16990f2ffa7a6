import type { Field, ObjectSchema, ScalarKind, Schema } from '../../machinery/schema/schema.ts'

export type JsonSchema = { [key: string]: unknown }

/** `k8s.io/api/core/v1.PodSpec` → `io.k8s.api.core.v1.PodSpec`, upstream's definition names. */
export function definitionName(goName: string): string {
  const [host = '', ...path] = goName.split('/')
  return [...host.split('.').toReversed(), ...path].join('.')
}

type OpenApiVersion = 'v2' | 'v3'

interface Scalar {
  /** The definition that holds it, by its Go name; absent: it is written in place. */
  readonly name?: string
  readonly v2: JsonSchema
  /** Absent: as in v2. */
  readonly v3?: JsonSchema
  /** What a field holds that is never left out. */
  readonly zero?: unknown
}

const meta = 'k8s.io/apimachinery/pkg/apis/meta/v1'
const extensions = 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1'
const integer = (format: string): Scalar => ({ v2: { type: 'integer', format }, zero: 0 })
const time: JsonSchema = { type: 'string', format: 'date-time' }

const scalars: Readonly<Record<ScalarKind, Scalar>> = {
  string: { v2: { type: 'string' }, zero: '' },
  bool: { v2: { type: 'boolean' }, zero: false },
  int32: integer('int32'),
  int64: integer('int64'),
  uint32: integer('int64'),
  uint64: integer('int64'),
  double: { v2: { type: 'number', format: 'double' }, zero: 0 },
  bytes: { v2: { type: 'string', format: 'byte' } },
  quantity: {
    name: 'k8s.io/apimachinery/pkg/api/resource.Quantity',
    v2: { type: 'string' },
    v3: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  },
  intOrString: {
    name: 'k8s.io/apimachinery/pkg/util/intstr.IntOrString',
    v2: { type: 'string', format: 'int-or-string' },
    v3: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  time: { name: `${meta}.Time`, v2: time },
  microTime: { name: `${meta}.MicroTime`, v2: time },
  duration: { name: `${meta}.Duration`, v2: { type: 'string' } },
  fieldsV1: { name: `${meta}.FieldsV1`, v2: { type: 'object' } },
  rawExtension: { name: 'k8s.io/apimachinery/pkg/runtime.RawExtension', v2: { type: 'object' } },
  json: { name: `${extensions}.JSON`, v2: {} },
  schemaOrBool: { name: `${extensions}.JSONSchemaPropsOrBool`, v2: {} },
  schemaOrArray: { name: `${extensions}.JSONSchemaPropsOrArray`, v2: {} },
  schemaOrStringArray: { name: `${extensions}.JSONSchemaPropsOrStringArray`, v2: {} },
  any: { v2: {} },
}

/** Where a list or a map says which values its members may have. */
const memberOf: Readonly<Record<string, string>> = { list: 'items', map: 'additionalProperties' }

const prefixes: Readonly<Record<OpenApiVersion, string>> = {
  v2: '#/definitions/',
  v3: '#/components/schemas/',
}

/** Collects the definitions of object types while their users are written. */
export class Definitions {
  readonly schemas: { [name: string]: JsonSchema } = {}
  readonly version: OpenApiVersion

  constructor(version: OpenApiVersion) {
    this.version = version
  }

  /** What a named type is called here. */
  nameOf({ name = '' }: ObjectSchema): string {
    return definitionName(name)
  }

  /** A reference to a named type, whose definition is added at the first asking; nameless types are written in place. */
  refer(schema: ObjectSchema): JsonSchema {
    if (schema.name === undefined) return this.#object(schema)
    const name = definitionName(schema.name)
    if (!this.schemas[name]) {
      this.schemas[name] = {}
      this.schemas[name] = this.#object(schema)
    }
    return this.reference(name)
  }

  /** Adds what follows from no Go type. */
  define(name: string, schema: JsonSchema): JsonSchema {
    this.schemas[name] ??= schema
    return this.reference(name)
  }

  reference(name: string): JsonSchema {
    return { $ref: prefixes[this.version] + name }
  }

  /** A schema where a value stands that is never left out: v3 says what it holds then. */
  filled(value: JsonSchema, zero: unknown): JsonSchema {
    if (this.version === 'v2' || zero === undefined) return value
    return '$ref' in value ? { default: zero, allOf: [value] } : { ...value, default: zero }
  }

  #object(schema: ObjectSchema): JsonSchema {
    const properties: JsonSchema = {}
    for (const field of byName(schema.fields.values())) properties[field.name] = this.#field(field)
    const required = [...schema.fields.values()].filter(field => field.required).map(({ name }) => name)
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
    const zero = field.defaultValue ?? zeroOf(field)
    if (this.version === 'v3' && zero !== undefined) extra.default = zero
    if (field.enumValues) {
      const member = memberOf[field.schema.kind]
      if (member) value[member] = { ...(value[member] as JsonSchema), enum: field.enumValues }
      else extra.enum = field.enumValues
    }
    if (field.patchStrategies) extra['x-kubernetes-patch-strategy'] = field.patchStrategies.join(',')
    if (field.patchMergeKey) extra['x-kubernetes-patch-merge-key'] = field.patchMergeKey
    if (this.version === 'v3' && '$ref' in value) return { allOf: [value], ...extra }
    return { ...value, ...extra }
  }

  #value(schema: Schema): JsonSchema {
    switch (schema.kind) {
      case 'object':
        return this.refer(schema)
      case 'map':
        return {
          type: 'object',
          additionalProperties: withoutListType(this.#member(schema.values)),
          ...(schema.atomic && { 'x-kubernetes-map-type': 'atomic' }),
        }
      case 'list':
        return {
          type: 'array',
          items: this.#member(schema.items),
          'x-kubernetes-list-type': schema.listType,
          ...(schema.listMapKeys && { 'x-kubernetes-list-map-keys': schema.listMapKeys }),
        }
      default:
        return this.#scalar(scalars[schema.kind])
    }
  }

  #scalar({ name, v2, v3 = v2 }: Scalar): JsonSchema {
    const schema = this.version === 'v2' ? v2 : v3
    return name === undefined ? { ...schema } : this.define(definitionName(name), { ...schema })
  }

  #member(schema: Schema): JsonSchema {
    return this.filled(this.#value(schema), memberZero(schema))
  }
}

/** Upstream's marks of lists stand on fields, where members of maps have none. */
function withoutListType({ 'x-kubernetes-list-type': _type, ...member }: JsonSchema): JsonSchema {
  return member
}

/** As a map of Go is written. */
function byName(fields: Iterable<Field>): Field[] {
  return [...fields].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function memberZero(schema: Schema): unknown {
  if (schema.kind === 'object') return {}
  return schema.kind === 'map' || schema.kind === 'list' ? undefined : scalars[schema.kind].zero
}

/** Go's zero value, where upstream prints it. */
function zeroOf({ schema, zeroDefault }: Field): unknown {
  return zeroDefault ? memberZero(schema) : undefined
}
