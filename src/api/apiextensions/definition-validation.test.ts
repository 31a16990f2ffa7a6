import { expect, test } from 'bun:test'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { CustomResourceDefinition, JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { validateDefinition, validateDefinitionUpdate } from './definition-validation.ts'

type Version = Partial<CustomResourceDefinition['spec']['versions'][number]>

function definition(
  spec: JSONSchemaProps,
  version: Version = {},
  root: JSONSchemaProps = {},
): CustomResourceDefinition {
  const openAPIV3Schema = { type: 'object', properties: { spec }, ...root } as JSONSchemaProps
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' }
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...version }]
  return {
    metadata: { name: 'things.example.org' },
    spec: { group: 'example.org', scope: 'Namespaced', names, versions },
  }
}

function complaints(made: CustomResourceDefinition): string[] {
  const errors = createFieldErrors()
  validateDefinition(made, errors)
  const root = 'spec.validation.openAPIV3Schema.properties[spec].'
  return errors.list.map(({ field, message }) => `${field.replace(root, '')}: ${message}`)
}

const of = (properties: Record<string, JSONSchemaProps>, more: JSONSchemaProps = {}) =>
  complaints(definition({ type: 'object', properties, ...more }))

test('a structural schema passes', () => {
  const list: JSONSchemaProps = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items: { type: 'object', required: ['k'], properties: { k: { type: 'string' } } },
  }
  const either = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }
  expect(of({ list, either, named: { type: 'string', default: 'x', pattern: '^[[:alpha:]]+$' } })).toEqual([])
})

test('every node says its type, and only once', () => {
  expect(of({ a: {} })).toEqual([
    'properties[a].type: Required value: must not be empty for specified object fields',
  ])
  expect(of({ a: { type: 'string', anyOf: [{ type: 'string' }] } })).toEqual([
    'properties[a].anyOf[0].type: Forbidden: must be empty to be structural',
  ])
  const root = { anyOf: [{ properties: { q: { minLength: 1 } } }] }
  expect(complaints(definition({ type: 'object' }, {}, root))).toEqual([
    'spec.validation.openAPIV3Schema.properties[q]: Required value: because it is defined in spec.validation.openAPIV3Schema.anyOf[0].properties[q]',
  ])
})

test('defaults are values of their schema, pruned', () => {
  expect(of({ a: { type: 'string', default: 1 } })).toEqual([
    'properties[a].default: Invalid value: "integer":  in body must be of type string: "integer"',
  ])
  const object: JSONSchemaProps = { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] }
  expect(of({ a: { ...object, default: {} } })).toEqual(['properties[a].default.x: Required value'])
  expect(of({ a: { ...object, default: { x: '', y: 1 } } })).toEqual([
    'properties[a].default: Invalid value: {"x":"","y":1}: must not have unknown fields',
  ])
})

test('patterns are those of Go', () => {
  expect(of({ a: { type: 'string', pattern: '(?!x)' } })).toEqual([
    'properties[a].pattern: Invalid value: "(?!x)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?!`',
  ])
})

test('nothing but the name can be said about metadata', () => {
  const root = (metadata: JSONSchemaProps) =>
    complaints(definition({ type: 'object' }, {}, { properties: { metadata } }))
  expect(root({ type: 'object', properties: { name: { type: 'string', maxLength: 5 } } })).toEqual([])
  expect(root({ type: 'object', properties: { labels: { type: 'object' } } })).toEqual([
    'spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ])
})

test('members of sets are whole, keys of maps are always there', () => {
  const list = (more: JSONSchemaProps): JSONSchemaProps => ({ type: 'array', ...more })
  expect(of({ a: list({ 'x-kubernetes-list-type': 'set', items: { type: 'object' } }) })).toEqual([
    'properties[a].items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set',
  ])
  const items = { type: 'object', properties: { k: { type: 'string' } } }
  const map = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] }
  expect(of({ a: list({ ...map, items }) })).toEqual([
    'properties[a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
  ])
})

test('rules name fields that are there, and old values only where there are some', () => {
  const rule = (more: object) =>
    of({ a: { type: 'string' } }, { 'x-kubernetes-validations': [{ rule: 'true', ...more }] })
  expect(rule({ fieldPath: '.a' })).toEqual([])
  expect(rule({ fieldPath: '.b' })).toEqual([
    'x-kubernetes-validations[0].fieldPath: Invalid value: ".b": must be a valid path',
  ])
  const items: JSONSchemaProps = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] }
  expect(of({ a: { type: 'array', maxItems: 2, items: { ...items, maxLength: 9 } } }).join()).toContain(
    'oldSelf cannot be used on the uncorrelatable portion of the schema within',
  )
})

test('selectable fields are scalars, eight at most', () => {
  const made = (...paths: string[]) =>
    complaints(
      definition(
        { type: 'object', properties: { a: { type: 'string' }, o: { type: 'object' } } },
        { selectableFields: paths.map(jsonPath => ({ jsonPath })) },
      ),
    )
  expect(made('.spec.a')).toEqual([])
  expect(made('.spec.b')).toEqual([
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.b": is an invalid path: does not refer to a valid field',
  ])
  expect(made('.spec.o').join()).toContain('must point to a field of type string, boolean or integer')
  expect(made('.spec.a', '.spec.a')).toEqual([
    'spec.selectableFields[1].jsonPath: Duplicate value: ".spec.a"',
  ])
})

test('a version that objects are stored in cannot leave', () => {
  const before = definition({ type: 'object' })
  const status = { storedVersions: ['v1beta1', 'v1'], acceptedNames: before.spec.names, conditions: [] }
  expect(complaints({ ...before, status })).toEqual([
    'status.storedVersions[0]: Invalid value: "v1beta1": missing from spec.versions; v1beta1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1beta1 and removes v1beta1 from status.storedVersions',
  ])
})

test('a conversion webhook has one place, and reviews in a version that is spoken', () => {
  const made = definition({ type: 'object' })
  const converted = (webhook: object) =>
    complaints({ ...made, spec: { ...made.spec, conversion: { strategy: 'Webhook', webhook } as never } })
  expect(converted({ clientConfig: { url: 'https://a.b/c' }, conversionReviewVersions: ['v1'] })).toEqual([])
  expect(converted({ clientConfig: {}, conversionReviewVersions: ['v9'] })).toEqual([
    'spec.conversion.webhookClientConfig: Required value: exactly one of url or service is required',
    'spec.conversion.conversionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
  ])
})

test('scope and kind of a definition that is served stay', () => {
  const before = definition({ type: 'object' })
  const condition = { type: 'Established', status: 'True' }
  const status = { storedVersions: ['v1'], acceptedNames: before.spec.names, conditions: [condition] }
  const errors = createFieldErrors()
  const spec = { ...before.spec, scope: 'Cluster' }
  validateDefinitionUpdate({ ...before, spec }, { ...before, status } as CustomResourceDefinition, errors)
  expect(errors.list.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'spec.scope: Invalid value: "Cluster": field is immutable',
  ])
})
