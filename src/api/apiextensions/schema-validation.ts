/** Rules of a definition's schema (apiextensions validation.go, ValidateCustomResourceDefinitionOpenAPISchema). */

import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { compareText } from '../../std/compare-text.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { validateDefaults } from './default-validation.ts'
import { validateListType } from './list-type.ts'
import { validateRuleTexts } from './rule-texts.ts'
import { shownSchema } from './schema-shown.ts'
import { itemsOf } from './schema-walk.ts'
import { canBeStructural, validateStructure } from './structural-schema.ts'

export interface SchemaPlace {
  /** Of the schema: `spec.versions[0].schema`. */
  readonly path: string
  /** `status` is a subresource, so it must be possible to take it out of the schema. */
  readonly hasStatus: boolean
}

/** Everything that makes a definition's schema usable. */
export function validateSchema(schema: JSONSchemaProps, place: SchemaPlace, errors: FieldErrors): void {
  const path = `${place.path}.openAPIV3Schema`
  if (place.hasStatus) validateRoot(schema, path, errors)
  if (schema.nullable) errors.forbidden(`${path}.nullable`, 'nullable cannot be true at the root')
  const structure = createFieldErrors()
  if (canBeStructural(schema)) {
    validateStructure(schema, path, structure)
    if (structure.list.length === 0) validateDefaults(schema, path, structure)
    for (const error of structure.list.toSorted(byText)) add(errors, error)
  }
  const nodes = createFieldErrors()
  validateNode(schema, { path, isRoot: true }, nodes)
  const rules = createFieldErrors()
  // A schema that is wrong gives types that nobody can act on.
  const isSound = structure.list.length === 0 && nodes.list.length === 0
  validateRuleTexts(schema, path, { compiles: isSound, wordsOnly: nodes, compiled: rules })
  for (const error of [...nodes.list, ...rules.list]) add(errors, error)
}

type Listed = FieldErrors['list'][number]

function byText(a: Listed, b: Listed): number {
  return compareText(`${a.field}: ${a.message}`, `${b.field}: ${b.message}`)
}

function add(errors: FieldErrors, error: Listed): void {
  ;(errors.list as Listed[]).push(error)
}

const allowedAtRoot = [
  ...['Description', 'Type', 'Format', 'Title', 'Maximum', 'ExclusiveMaximum', 'Minimum', 'ExclusiveMinimum'],
  ...['MaxLength', 'MinLength', 'Pattern', 'MaxItems', 'MinItems', 'UniqueItems', 'MultipleOf', 'Required'],
  ...['Items', 'Properties', 'ExternalDocs', 'Example', 'XPreserveUnknownFields', 'XValidations'],
]

function validateRoot(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  const set = Object.entries(shownSchema(schema)).filter(([, value]) => !isZero(value))
  for (const [name] of set) {
    if (name === 'Type' && schema.type !== 'object') {
      const detail = `only "object" is allowed as the type at the root of the schema if the status subresource is enabled`
      errors.invalid(`${path}.type`, schema.type, detail)
      return
    }
    if (allowedAtRoot.includes(name)) continue
    const detail = `only [${allowedAtRoot.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`
    errors.invalid(path, shownSchema(schema), detail)
    return
  }
}

function isZero(value: unknown): boolean {
  return value === null || value === '' || value === false
}

interface Node {
  readonly path: string
  readonly isRoot: boolean
  /** Why nothing below may have a default. */
  readonly noDefaults?: string
  readonly isInMeta?: boolean
}

const metaFields = new Set(['metadata', 'kind', 'apiVersion'])

function validateNode(schema: JSONSchemaProps, node: Node, errors: FieldErrors): void {
  const { path } = node
  validateSupport(schema, node, errors)
  if (schema.uniqueItems) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.forbidden(`${path}.uniqueItems`, detail)
  }
  validateChildren(schema, node, errors)
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined')
  }
  validateMapType(schema, path, errors)
  validateListType(schema, path, errors)
}

function validateChildren(schema: JSONSchemaProps, node: Node, errors: FieldErrors): void {
  const { path } = node
  const { properties = {}, additionalProperties, not, allOf = [], oneOf = [], anyOf = [] } = schema
  const inside = { ...node, isRoot: false }
  const into = (each: JSONSchemaProps, place: string) =>
    validateNode(each, { ...inside, path: `${path}.${place}` }, errors)
  const intoEach = (list: readonly JSONSchemaProps[], place: string) => {
    for (const [i, each] of list.entries()) into(each, `${place}[${i}]`)
  }
  if (
    additionalProperties !== undefined &&
    additionalProperties !== true &&
    Object.keys(properties).length > 0
  ) {
    const detail = 'additionalProperties and properties are mutual exclusive'
    errors.forbidden(`${path}.additionalProperties`, detail)
  }
  if (typeof additionalProperties === 'object') {
    const noDefaults = 'inside additionalProperties applying to object metadata'
    const below = { ...inside, path: `${path}.additionalProperties`, ...(node.isInMeta && { noDefaults }) }
    validateNode(additionalProperties, below, errors)
  }
  for (const [name, property] of Object.entries(properties)) {
    const isMeta = (node.isRoot || schema['x-kubernetes-embedded-resource']) && metaFields.has(name)
    const below: Node = {
      ...inside,
      path: `${path}.properties[${name}]`,
      ...(isMeta && { isInMeta: true }),
      ...(isMeta && node.isRoot && { noDefaults: `in top-level ${name}` }),
    }
    validateNode(property, below, errors)
  }
  if (not) into(not, 'not')
  intoEach(allOf, 'allOf')
  intoEach(oneOf, 'oneOf')
  intoEach(anyOf, 'anyOf')
  for (const [name, each] of Object.entries(schema.definitions ?? {})) into(each, `definitions[${name}]`)
  const items = itemsOf(schema)
  if (items) into(items, 'items')
  if (Array.isArray(schema.items)) intoEach(schema.items, 'items')
  for (const [name, each] of Object.entries(schema.dependencies ?? {}))
    if (!Array.isArray(each)) into(each, `dependencies[${name}]`)
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const unsupported = [
  'id',
  'additionalItems',
  'patternProperties',
  'definitions',
  'dependencies',
  '$ref',
] as const

function validateSupport(
  schema: JSONSchemaProps,
  { path, noDefaults, isInMeta }: Node,
  errors: FieldErrors,
): void {
  const { type } = schema
  if (type && !types.includes(type)) errors.notSupported(`${path}.type`, type, types)
  if (schema.default !== undefined && noDefaults !== undefined)
    errors.forbidden(`${path}.default`, `must not be set ${noDefaults}`)
  for (const field of unsupported)
    if (schema[field] !== undefined) errors.forbidden(`${path}.${field}`, `${field} is not supported`)
  if (type === 'null')
    errors.forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative')
  if (Array.isArray(schema.items) && schema.items.length > 0)
    errors.forbidden(`${path}.items`, 'items must be a schema object and not an array')
  if (isInMeta && schema['x-kubernetes-embedded-resource'])
    errors.forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta')
}

function validateMapType(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return
  const detail = 'must be object if x-kubernetes-map-type is specified'
  if (!schema.type) errors.required(`${path}.type`, detail)
  else if (schema.type !== 'object') errors.invalid(`${path}.type`, schema.type, detail)
  const known = ['atomic', 'granular']
  if (!known.includes(mapType)) errors.notSupported(`${path}.x-kubernetes-map-type`, mapType, known)
}
