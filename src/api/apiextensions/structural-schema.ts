/** What makes a schema structural (apiextensions-apiserver pkg/apiserver/schema): every node says its type once. */
import { deepEqual } from '../../machinery/meta/value.ts'
import { goRegExp } from '../../machinery/regexp/go-regexp.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { itemsOf, someSchema } from './schema-walk.ts'
import { validateCompleteness } from './structural-completeness.ts'

type Level = 'root' | 'item' | 'field'

const unsupported = [
  'id',
  '$schema',
  '$ref',
  'patternProperties',
  'dependencies',
  'additionalItems',
  'definitions',
] as const

/** Whether a schema can be read as a structural one at all; what stands in the way is complained about elsewhere. */
export function canBeStructural(schema: JSONSchemaProps): boolean {
  return !someSchema(
    schema,
    each =>
      unsupported.some(field => each[field] !== undefined) ||
      Array.isArray(each.items) ||
      each['x-kubernetes-preserve-unknown-fields'] === false,
  )
}

/** The invariants of a structural schema. */
export function validateStructure(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  validateNode(schema, 'root', path, errors)
  validateCompleteness(schema, path, errors)
}

const emptyAt: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

function validateNode(schema: JSONSchemaProps, level: Level, path: string, errors: FieldErrors): void {
  const { additionalProperties } = schema
  const items = itemsOf(schema)
  if (schema.type === 'array' && !items) errors.required(`${path}.items`, 'must be specified')
  if (items) validateNode(items, 'item', `${path}.items`, errors)
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    validateNode(property, 'field', `${path}.properties[${name}]`, errors)
  if (additionalProperties !== undefined && level === 'root')
    errors.forbidden(`${path}.additionalProperties`, 'must not be used at the root')
  if (typeof additionalProperties === 'object')
    validateNode(additionalProperties, 'field', `${path}.additionalProperties`, errors)
  validateExtensions(schema, path, errors)
  const skipAnyOf = deepEqual(schema.anyOf, intOrString)
  const skipInFirst = deepEqual(schema.allOf?.[0]?.anyOf, intOrString)
  validateJunctors(schema, { skipAnyOf, skipInFirst }, path, errors)
  validateType(schema, level, path, errors)
  validateMeta(schema, level, path, errors)
}

const intOrString = [{ type: 'integer' }, { type: 'string' }]

function validateExtensions(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  if (!schema['x-kubernetes-int-or-string']) return
  const detail = 'must be false if x-kubernetes-int-or-string is true'
  for (const name of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    if (schema[name]) errors.invalid(`${path}.${name}`, true, detail)
}

function validateType(schema: JSONSchemaProps, level: Level, path: string, errors: FieldErrors): void {
  const { type = '' } = schema
  const isFree = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
  const isEmbedded = schema['x-kubernetes-embedded-resource'] ?? false
  if (isEmbedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true'
    if (type === '') errors.required(`${path}.type`, detail)
    else errors.invalid(`${path}.type`, type, detail)
  } else if (type === '' && !isFree) errors.required(`${path}.type`, emptyAt[level])
  if (isEmbedded && schema.additionalProperties !== undefined) {
    const detail = 'must not be used if x-kubernetes-embedded-resource is set'
    errors.forbidden(`${path}.additionalProperties`, detail)
  }
  if (level === 'root' && type !== '' && type !== 'object')
    errors.invalid(`${path}.type`, type, 'must be object at the root')
}

/** Of metadata no more than the name can be said: the rest is every object's. */
function validateMeta(schema: JSONSchemaProps, level: Level, path: string, errors: FieldErrors): void {
  const { properties = {} } = schema
  const isEmbedded = schema['x-kubernetes-embedded-resource'] ?? false
  const isObject = level === 'root' || isEmbedded
  for (const name of ['kind', 'apiVersion']) {
    const { type } = properties[name] ?? { type: 'string' }
    if (isObject && type !== 'string')
      errors.invalid(`${path}.properties[${name}].type`, type ?? '', 'must be string')
  }
  const { metadata } = properties
  if (metadata) {
    const at = `${path}.properties[metadata]`
    if (isObject && metadata.type !== 'object')
      errors.invalid(`${at}.type`, metadata.type ?? '', 'must be object')
    if (level === 'root' && !isNameOnly(metadata)) {
      const detail =
        'must not specify anything other than name and generateName, but metadata is implicitly specified'
      errors.forbidden(at, detail)
    }
  }
  if (isEmbedded && !schema['x-kubernetes-preserve-unknown-fields'] && Object.keys(properties).length === 0) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.required(`${path}.properties`, detail)
  }
}

const nameFields = new Set(['name', 'generateName'])

function isNameOnly({ type: _type, default: _default, properties = {}, ...rest }: JSONSchemaProps): boolean {
  return Object.keys(properties).every(name => nameFields.has(name)) && Object.keys(rest).length === 0
}

interface Skipped {
  readonly skipAnyOf: boolean
  readonly skipInFirst: boolean
}

const nothingSkipped: Skipped = { skipAnyOf: false, skipInFirst: false }

/** The value validations of a node, and those below its junctors. */
function validateJunctors(
  schema: JSONSchemaProps,
  { skipAnyOf, skipInFirst }: Skipped,
  path: string,
  errors: FieldErrors,
): void {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern } = schema
  const nested = (each: JSONSchemaProps, place: string, skipped = nothingSkipped) =>
    validateNested(each, skipped, `${path}.${place}`, errors)
  if (!skipAnyOf) for (const [i, each] of anyOf.entries()) nested(each, `anyOf[${i}]`)
  for (const [i, each] of allOf.entries())
    nested(each, `allOf[${i}]`, { skipAnyOf: skipInFirst && i === 0, skipInFirst: false })
  for (const [i, each] of oneOf.entries()) nested(each, `oneOf[${i}]`)
  if (not) nested(not, 'not')
  if (!pattern) return
  const compiled = goRegExp(pattern)
  if ('fault' in compiled) {
    const detail = `must be a valid regular expression, but isn't: ${compiled.fault}`
    errors.invalid(`${path}.pattern`, pattern, detail)
  }
}

/** What a schema below a junctor may not say, with the word for what it must be instead. */
const forbiddenNested = {
  type: 'empty',
  additionalProperties: 'undefined',
  default: 'undefined',
  title: 'empty',
  description: 'empty',
  nullable: 'false',
  'x-kubernetes-preserve-unknown-fields': 'false',
  'x-kubernetes-embedded-resource': 'false',
  'x-kubernetes-int-or-string': 'false',
  'x-kubernetes-list-map-keys': 'empty',
  'x-kubernetes-list-type': 'undefined',
  'x-kubernetes-map-type': 'undefined',
  'x-kubernetes-validations': 'empty',
} as const satisfies Partial<Record<keyof JSONSchemaProps, string>>

function validateNested(schema: JSONSchemaProps, skipped: Skipped, path: string, errors: FieldErrors): void {
  validateJunctors(schema, skipped, path, errors)
  const items = itemsOf(schema)
  if (items) validateNested(items, nothingSkipped, `${path}.items`, errors)
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    validateNested(property, nothingSkipped, `${path}.properties[${name}]`, errors)
  for (const [name, wanted] of Object.entries(forbiddenNested)) {
    const value = schema[name as keyof typeof forbiddenNested]
    const isSet = wanted === 'undefined' ? value !== undefined && value !== false : !isBlank(value)
    if (isSet) errors.forbidden(`${path}.${name}`, `must be ${wanted} to be structural`)
  }
  if (schema.properties?.metadata)
    errors.forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context')
}

function isBlank(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0)
}
