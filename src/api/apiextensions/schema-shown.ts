import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'

/** Fields of upstream's internal JSONSchemaProps in its order, each with its name here and what stands for none. */
const fields: readonly (readonly [shown: string, name: keyof JSONSchemaProps, none: unknown])[] = [
  ['ID', 'id', ''],
  ['Schema', '$schema', ''],
  ['Ref', '$ref', null],
  ['Description', 'description', ''],
  ['Type', 'type', ''],
  ['Nullable', 'nullable', false],
  ['Format', 'format', ''],
  ['Title', 'title', ''],
  ['Default', 'default', null],
  ['Maximum', 'maximum', null],
  ['ExclusiveMaximum', 'exclusiveMaximum', false],
  ['Minimum', 'minimum', null],
  ['ExclusiveMinimum', 'exclusiveMinimum', false],
  ['MaxLength', 'maxLength', null],
  ['MinLength', 'minLength', null],
  ['Pattern', 'pattern', ''],
  ['MaxItems', 'maxItems', null],
  ['MinItems', 'minItems', null],
  ['UniqueItems', 'uniqueItems', false],
  ['MultipleOf', 'multipleOf', null],
  ['Enum', 'enum', null],
  ['MaxProperties', 'maxProperties', null],
  ['MinProperties', 'minProperties', null],
  ['Required', 'required', null],
  ['Items', 'items', null],
  ['AllOf', 'allOf', null],
  ['OneOf', 'oneOf', null],
  ['AnyOf', 'anyOf', null],
  ['Not', 'not', null],
  ['Properties', 'properties', null],
  ['AdditionalProperties', 'additionalProperties', null],
  ['PatternProperties', 'patternProperties', null],
  ['Dependencies', 'dependencies', null],
  ['AdditionalItems', 'additionalItems', null],
  ['Definitions', 'definitions', null],
  ['ExternalDocs', 'externalDocs', null],
  ['Example', 'example', null],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', null],
  ['XEmbeddedResource', 'x-kubernetes-embedded-resource', false],
  ['XIntOrString', 'x-kubernetes-int-or-string', false],
  ['XListMapKeys', 'x-kubernetes-list-map-keys', null],
  ['XListType', 'x-kubernetes-list-type', null],
  ['XMapType', 'x-kubernetes-map-type', null],
  ['XValidations', 'x-kubernetes-validations', null],
]

/** A schema as upstream shows it in complaints: its internal form has no JSON names. */
export function shownSchema(schema: JSONSchemaProps): Record<string, unknown> {
  return Object.fromEntries(
    fields.map(([shown, name, none]) => [shown, showField(name, schema[name]) ?? none]),
  )
}

const lists = new Set<keyof JSONSchemaProps>(['allOf', 'oneOf', 'anyOf'])
const maps = new Set<keyof JSONSchemaProps>(['properties', 'patternProperties', 'definitions'])

function showField(name: keyof JSONSchemaProps, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  if (lists.has(name)) return (value as JSONSchemaProps[]).map(shownSchema)
  if (name === 'not') return shownSchema(value as JSONSchemaProps)
  if (maps.has(name)) {
    const entries = Object.entries(value as Record<string, JSONSchemaProps>)
    return Object.fromEntries(
      entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, shownSchema(each)]),
    )
  }
  if (name === 'items')
    return Array.isArray(value)
      ? { Schema: null, JSONSchemas: value.map(shownSchema) }
      : { Schema: shownSchema(value as JSONSchemaProps), JSONSchemas: null }
  if (name === 'additionalProperties' || name === 'additionalItems')
    return typeof value === 'object'
      ? { Allows: true, Schema: shownSchema(value as JSONSchemaProps) }
      : { Allows: value, Schema: null }
  return value
}
