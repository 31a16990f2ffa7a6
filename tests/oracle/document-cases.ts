import { get, type OracleCase, send } from './case.ts'

const versions = [
  'api/v1',
  'apis/admissionregistration.k8s.io/v1',
  'apis/apiextensions.k8s.io/v1',
  'apis/apiregistration.k8s.io/v1',
  'apis/apps/v1',
  'apis/authentication.k8s.io/v1',
  'apis/authorization.k8s.io/v1',
  'apis/autoscaling/v1',
  'apis/autoscaling/v2',
  'apis/batch/v1',
  'apis/certificates.k8s.io/v1',
  'apis/coordination.k8s.io/v1',
  'apis/discovery.k8s.io/v1',
  'apis/events.k8s.io/v1',
  'apis/flowcontrol.apiserver.k8s.io/v1',
  'apis/networking.k8s.io/v1',
  'apis/node.k8s.io/v1',
  'apis/policy/v1',
  'apis/rbac.authorization.k8s.io/v1',
  'apis/resource.k8s.io/v1',
  'apis/scheduling.k8s.io/v1',
  'apis/storage.k8s.io/v1',
  'version',
  'api',
  'apis',
  'apis/apps',
  '.well-known/openid-configuration',
  'openid/v1/jwks',
]

const document = (name: string, path: string, accept?: string): OracleCase => ({
  ...get(`OpenAPI: ${name}`, path),
  // Hutch packs what a client takes packed, stock not all of it.
  headers: { 'accept-encoding': 'identity', ...(accept && { accept }) },
  isDocument: true,
})

/** What a client learns about all paths and types: every path, operation, parameter and schema, without the prose. */
export const documentCases: readonly OracleCase[] = [
  document('v2', '/openapi/v2'),
  document('v3', '/openapi/v3'),
  ...versions.map(version => document(`v3 of ${version}`, `/openapi/v3/${version}`)),
  document('v3 of an absent version', '/openapi/v3/apis/apps/v9'),
  document('v3 under an old digest', '/openapi/v3/apis/apps/v1?hash=OLD'),
  document('v3 of an absent group', '/openapi/v3/apis/absent.example.org'),
  document('v3 with a slash at the end', '/openapi/v3/'),
  document('v3 of a version with a slash at the end', '/openapi/v3/apis/apps/v1/'),
  get('OpenAPI: v3 as YAML', '/openapi/v3/apis/apps/v1', 'application/yaml'),
  get('OpenAPI: v2 as YAML', '/openapi/v2', 'application/yaml'),
  get('OpenAPI: v2 as text', '/openapi/v2', 'text/plain'),
]

const group = 'documents.example.org'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const definition = {
  metadata: { name: `papers.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'papers', singular: 'paper', kind: 'Paper', listKind: 'PaperList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
              status: { type: 'object', properties: { n: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
}

const whole = { type: 'object', 'x-kubernetes-embedded-resource': true }
const text = { type: 'string' }
const odd = { type: 'string', nullable: true }

/** What a schema may say, and what of it a document says. */
const sayings = {
  examples: { ...text, example: 'e', title: 't', externalDocs: { url: 'u' } },
  either: { 'x-kubernetes-int-or-string': true },
  eitherSaid: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
  eitherBound: { 'x-kubernetes-int-or-string': true, anyOf: [{ maximum: 4 }, { pattern: 'x' }] },
  whole,
  wholes: { type: 'array', items: whole },
  wholesByName: { type: 'object', additionalProperties: whole },
  free: { ...whole, 'x-kubernetes-preserve-unknown-fields': true },
  odd,
  odds: { type: 'object', required: ['odd', 'text'], properties: { odd, text } },
  oddValues: { type: 'object', additionalProperties: odd },
  joined: { ...text, allOf: [{ minLength: 1 }, { not: { pattern: 'x' } }], oneOf: [{ enum: ['a'] }] },
  zeros: { type: 'number', maximum: 0, exclusiveMaximum: false, default: 0 },
  list: {
    type: 'array',
    items: { type: 'object', required: ['a'], properties: { a: text } },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['a'],
  },
  ruled: { ...text, maxLength: 3, 'x-kubernetes-validations': [{ rule: "self != 'x'", message: 'm' }] },
}
const oddDefinition = {
  metadata: { name: `folios.${group}` },
  spec: {
    group,
    scope: 'Cluster',
    names: { plural: 'folios', singular: 'folio', kind: 'Folio', listKind: 'FolioList' },
    versions: [
      {
        ...{ name: 'v2', served: true, storage: true },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A folio.',
            properties: { spec: { type: 'object', properties: sayings } },
          },
        },
      },
    ],
  },
}

/** What documents say of a kind that users define; asked where nobody compares what groups there are. */
export const customDocumentCases: readonly OracleCase[] = [
  send('POST', 'OpenAPI: define a kind', definitions, definition),
  { ...document('v3 of a custom kind', `/openapi/v3/apis/${group}/v1`), until: 200 },
  send('POST', 'OpenAPI: define a kind whose schema says all that it may', definitions, oddDefinition),
  { ...document('v3 of all that a schema may say', `/openapi/v3/apis/${group}/v2`), until: 200 },
]
