import type { JSONSchemaProps } from '../../api/types/apiextensions-v1.gen.ts'
import type { Field, ListSchema, ObjectSchema, Schema } from '../../machinery/schema/schema.ts'
import { metaSchema } from '../rest/meta-type.ts'

const string: Schema = { kind: 'string' }

/** The schema of a whole custom object: what its definition says, with type and metadata as every object has them. */
export function toObjectSchema(props: JSONSchemaProps): ObjectSchema {
  const { fields, preserveUnknown } = toObject(props)
  const all = new Map(fields)
  all.set('apiVersion', toField('apiVersion', string))
  all.set('kind', toField('kind', string))
  all.set('metadata', toField('metadata', metaSchema('ObjectMeta')))
  return { kind: 'object', fields: all, ...(preserveUnknown && { preserveUnknown }) }
}

/** A structural schema (KEP-1027 rules, checked when the definition was written) in the shape that everything walks. */
function toSchema(props: JSONSchemaProps): Schema {
  if (props['x-kubernetes-int-or-string']) return { kind: 'intOrString' }
  switch (props.type) {
    case 'object':
      return typeof props.additionalProperties === 'object'
        ? toMap(props, props.additionalProperties)
        : toObject(props)
    case 'array':
      return toList(props)
    case 'integer':
      return { kind: 'int64' }
    case 'number':
      return { kind: 'double' }
    case 'boolean':
      return { kind: 'bool' }
    case 'string':
      return string
    default:
      return { kind: 'any' }
  }
}

function toObject(props: JSONSchemaProps): ObjectSchema {
  const required = new Set(props.required)
  const fields = new Map<string, Field>()
  for (const [name, each] of Object.entries(props.properties ?? {})) {
    fields.set(name, toField(name, toSchema(each), each.default, required.has(name)))
  }
  const keeps = props['x-kubernetes-preserve-unknown-fields'] || props.additionalProperties === true
  return {
    kind: 'object',
    fields,
    ...(keeps && { preserveUnknown: true }),
    ...(props['x-kubernetes-map-type'] === 'atomic' && { atomic: true }),
  }
}

function toMap(props: JSONSchemaProps, values: JSONSchemaProps): Schema {
  return {
    kind: 'map',
    values: toSchema(values),
    ...(props['x-kubernetes-map-type'] === 'atomic' && { atomic: true }),
  }
}

function toList(props: JSONSchemaProps): ListSchema {
  const items = Array.isArray(props.items) ? props.items[0] : props.items
  const listType = (props['x-kubernetes-list-type'] ?? 'atomic') as ListSchema['listType']
  const keys = props['x-kubernetes-list-map-keys']
  return {
    kind: 'list',
    items: items ? toSchema(items) : { kind: 'any' },
    listType,
    ...(keys && { listMapKeys: keys }),
  }
}

/** Pointers throughout: absent, null, empty and zero differ in custom objects. */
function toField(name: string, schema: Schema, defaultValue?: unknown, required = false): Field {
  return {
    name,
    schema,
    required,
    omitEmpty: true,
    pointer: true,
    keepsNull: true,
    ...(defaultValue !== undefined && { defaultValue }),
  }
}
