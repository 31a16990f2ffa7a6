import { json, jsonHeaders, type OracleCase } from './case.ts'

type Json = Record<string, unknown>

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const group = 'schemas.example.org'
const object = (properties: Json, more: Json = {}): Json => ({ type: 'object', properties, ...more })
const text = { type: 'string' }

function definition(schema: Json | undefined, version: Json = {}, spec: Json = {}): Json {
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' }
  const made = {
    name: 'v1',
    served: true,
    storage: true,
    ...(schema && { schema: { openAPIV3Schema: schema } }),
  }
  return {
    metadata: { name: `things.${group}` },
    spec: { group, scope: 'Namespaced', names, versions: [{ ...made, ...version }], ...spec },
  }
}

function dryRun(name: string, body: Json): OracleCase {
  const path = `${definitions}?dryRun=All`
  return { name: `definition: ${name}`, method: 'POST', path, headers: jsonHeaders, body: json(body) }
}

const list = (items: Json, more: Json): Json => ({ type: 'array', items, ...more })
const set = { 'x-kubernetes-list-type': 'set' }
const keyed = (...keys: string[]) => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
})

/** Schemas of one field, `spec.a`. */
const fields: Readonly<Record<string, Json>> = {
  'of no type': {},
  'of type null': { type: 'null' },
  'of an unknown type': { type: 'foo' },
  'a list with a list of items': { type: 'array', items: [text] },
  'a list without items': { type: 'array' },
  'properties and additional ones': object({ x: text }, { additionalProperties: text }),
  'properties and any additional ones': object({ x: text }, { additionalProperties: true }),
  'no additional properties': { type: 'object', additionalProperties: false },
  'a reference': { $ref: '#/x' },
  'unique items': list(text, { uniqueItems: true }),
  definitions: { type: 'string', definitions: { x: text } },
  dependencies: { type: 'object', dependencies: { x: ['y'] } },
  'pattern properties': { type: 'object', patternProperties: { x: text } },
  'additional items': list(text, { additionalItems: true }),
  'an id': { type: 'string', id: 'x' },
  'an open pattern': { type: 'string', pattern: '(' },
  'a pattern that looks ahead': { type: 'string', pattern: '^(?!x)' },
  'a pattern with a class': { type: 'string', pattern: '^[[:alpha:]]+$' },
  'a default': { type: 'string', default: 'x' },
  'a default of another type': { type: 'string', default: 1 },
  'a default that is too small': { type: 'integer', minimum: 3, default: 1 },
  'a default of null': { type: 'string', default: null },
  'a default with an unknown field': object({ x: text }, { default: { y: 1 } }),
  'a default that misses a field': object({ x: text }, { required: ['x'], default: {} }),
  'a default that is no choice': { type: 'string', enum: ['a'], default: 'b' },
  'a set of objects': list({ type: 'object' }, set),
  'a set of atomic objects': list({ type: 'object', 'x-kubernetes-map-type': 'atomic' }, set),
  'a set of sets': list(list(text, set), set),
  'a set of nullable texts': list({ type: 'string', nullable: true }, set),
  'a map without keys': list({ type: 'object' }, { 'x-kubernetes-list-type': 'map' }),
  'a map by an unknown key': list(object({ x: text }), keyed('k')),
  'a map by a key twice': list(object({ k: text }, { required: ['k'] }), keyed('k', 'k')),
  'a map by an optional key': list(object({ k: text }), keyed('k')),
  'a map by a nullable key': list(
    object({ k: { ...text, nullable: true } }, { required: ['k'] }),
    keyed('k'),
  ),
  'a map by an object': list(object({ k: { type: 'object' } }, { required: ['k'] }), keyed('k')),
  'a map of texts': list(text, keyed('k')),
  'an unknown list type': list(text, { 'x-kubernetes-list-type': 'foo' }),
  'a list type of an object': { type: 'object', ...set },
  'keys without a list type': list({ type: 'object' }, { 'x-kubernetes-list-map-keys': ['k'] }),
  'an unknown map type': { type: 'object', 'x-kubernetes-map-type': 'foo' },
  'a map type of a list': list(text, { 'x-kubernetes-map-type': 'atomic' }),
  'preserving nothing': { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
  'an embedded object of no fields': { type: 'object', 'x-kubernetes-embedded-resource': true },
  'an embedded object of no type': {
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  },
  'a number or a text': { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, text] },
  'a text or a number': { 'x-kubernetes-int-or-string': true, anyOf: [text, { type: 'integer' }] },
  'a type in a junctor': { type: 'string', anyOf: [text] },
  'a description in a junctor': { type: 'string', anyOf: [{ description: 'x' }] },
  'a default in a junctor': { type: 'string', anyOf: [{ default: 'x' }] },
  'null in a junctor': { type: 'string', anyOf: [{ nullable: true }] },
  'an undeclared field in a junctor': { type: 'object', anyOf: [{ properties: { zz: { minLength: 3 } } }] },
  'a declared field in a junctor': object({ x: text }, { oneOf: [{ properties: { x: { minLength: 3 } } }] }),
  'undeclared items in a junctor': { type: 'string', allOf: [{ items: { minLength: 3 } }] },
  'an unknown format': { type: 'string', format: 'foo' },
}

const meta = (metadata: Json) => object({ metadata })
/** Whole schemas. */
const roots: Readonly<Record<string, Json | undefined>> = {
  none: undefined,
  empty: {},
  'of texts': text,
  nullable: { type: 'object', nullable: true },
  'with additional properties': { type: 'object', additionalProperties: text },
  'with a name': meta(object({ name: { type: 'string', pattern: '^a' } })),
  'with labels': meta(object({ labels: { type: 'object' } })),
  'with a default name': meta(object({ name: { type: 'string', default: 'x' } })),
  'with metadata of no type': meta({ properties: { name: text } }),
  'with a numeric kind': object({ kind: { type: 'integer' } }),
  'with a default version': object({ apiVersion: { type: 'string', default: 'a' } }),
  'with metadata in a junctor': object(
    {},
    { allOf: [{ properties: { metadata: { properties: { labels: { maxProperties: 1 } } } } }] },
  ),
}

const plain = object({ spec: object({ a: text, b: { type: 'integer' }, l: list(text, {}) }) })
const versions: Readonly<Record<string, Json>> = {
  'a choice at the root beside status': {
    subresources: { status: {} },
    schema: { openAPIV3Schema: { ...plain, anyOf: [{ required: ['spec'] }] } },
  },
  'a warning without deprecation': { deprecationWarning: 'x' },
  'an empty warning': { deprecated: true, deprecationWarning: '' },
  'a long warning': { deprecated: true, deprecationWarning: 'x'.repeat(300) },
  'a warning of two lines': { deprecated: true, deprecationWarning: 'x\ny' },
  'an empty column': { additionalPrinterColumns: [{}] },
  'a column of an unknown type': { additionalPrinterColumns: [{ name: 'a', type: 'foo', jsonPath: '.a' }] },
  'a column without a dot': { additionalPrinterColumns: [{ name: 'a', type: 'string', jsonPath: 'a' }] },
  'an empty scale': { subresources: { scale: {} } },
  'a scale of other places': {
    subresources: {
      scale: {
        specReplicasPath: '.status.x',
        statusReplicasPath: '.spec.x',
        labelSelectorPath: '.metadata.x',
      },
    },
  },
  'a selectable field': { selectableFields: [{ jsonPath: '.spec.a' }] },
  'a selectable field twice': { selectableFields: [{ jsonPath: '.spec.a' }, { jsonPath: '.spec.a' }] },
  'a selectable object': { selectableFields: [{ jsonPath: '.spec' }] },
  'a selectable name': { selectableFields: [{ jsonPath: '.metadata.name' }] },
  'a selectable item': { selectableFields: [{ jsonPath: '.spec.l[0]' }] },
  'an unknown selectable field': { selectableFields: [{ jsonPath: '.spec.zz' }] },
  'a version name that is none': { name: '1v' },
  'no stored version': { storage: false },
}

const hook = (webhook: Json) => ({ conversion: { strategy: 'Webhook', webhook } })
const reviews = { conversionReviewVersions: ['v1'] }
const specs: Readonly<Record<string, Json>> = {
  'no names': { names: undefined },
  'no scope': { scope: undefined },
  'an unknown scope': { scope: 'Foo' },
  'no versions': { versions: [] },
  'wrong names': { names: { plural: 'things', kind: 'Th ing', shortNames: ['A_B'], categories: ['A'] } },
  'kept unknown fields': { preserveUnknownFields: true },
  'a conversion of no kind': { conversion: {} },
  'an unknown conversion': { conversion: { strategy: 'Foo' } },
  'a webhook for nothing': { conversion: { strategy: 'None', webhook: { clientConfig: {}, ...reviews } } },
  'no webhook': { conversion: { strategy: 'Webhook' } },
  'a webhook nowhere': hook({ clientConfig: {}, ...reviews }),
  'a webhook in the open': hook({ clientConfig: { url: 'http://u@a.b/c?d#e' }, ...reviews }),
  'a webhook at a wrong service': hook({
    clientConfig: { service: { name: '', namespace: '', path: 'a//b', port: 99999 } },
    conversionReviewVersions: ['v1', 'v1', 'Foo'],
  }),
  'unknown reviews': hook({ clientConfig: { url: 'https://a.b' }, conversionReviewVersions: ['v9'] }),
  'a conversion': hook({ clientConfig: { service: { name: 'a', namespace: 'b' } }, ...reviews }),
}

const each = <T>(table: Readonly<Record<string, T>>, make: (name: string, value: T) => OracleCase) =>
  Object.entries(table).map(([name, value]) => make(name, value))

/** Definitions that a server takes or refuses, each as a dry run. */
export const definitionCases: readonly OracleCase[] = [
  ...each(fields, (name, a) => dryRun(`field ${name}`, definition(object({ spec: object({ a }) })))),
  ...each(roots, (name, schema) => dryRun(`schema ${name}`, definition(schema))),
  ...each(versions, (name, version) => dryRun(name, definition(plain, version))),
  ...each(specs, (name, spec) => dryRun(name, definition(plain, {}, spec))),
]
