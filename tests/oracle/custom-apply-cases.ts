import { json, type OracleCase, patch, send } from './case.ts'

const text = { type: 'string' }
const spec = {
  type: 'object',
  properties: {
    a: text,
    n: { type: 'integer', nullable: true },
    d: { ...text, default: 'def' },
    nd: { ...text, nullable: true, default: 'x' },
    l: { type: 'array', items: text },
    m: { type: 'object', additionalProperties: text },
    o: { type: 'object', properties: { x: text } },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    lm: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', required: ['k'], properties: { k: text, v: text } },
    },
  },
}
const schema = {
  openAPIV3Schema: {
    type: 'object',
    properties: { spec, status: { type: 'object', properties: { s: text } } },
  },
}
const group = 'apply.oracle.example.org'
const collection = (plural: string) => `/apis/${group}/v1/namespaces/oracle/${plural}`
const define = (plural: string, kind: string, subresources?: object) =>
  send('POST', `custom apply: define ${plural}`, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { plural, kind },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema, ...(subresources && { subresources }) }],
    },
  })
const served = (plural: string): OracleCase => ({
  name: `custom apply: ${plural} are served`,
  method: 'GET',
  path: collection(plural),
  until: 200,
})

interface Applying {
  readonly name?: string
  readonly plural?: string
  readonly kind?: string
  readonly door?: string
  readonly more?: object
  readonly query?: string
}

function apply(given: unknown, how: Applying = {}): OracleCase {
  const { name = 'a', plural = 'things', kind = 'Thing', door = '', more = {}, query = '' } = how
  const path = `${collection(plural)}/${name}${door}?fieldManager=m${query}`
  const object = { apiVersion: `${group}/v1`, kind, metadata: { name }, spec: given, ...more }
  return patch(
    `custom apply: ${plural}/${name}${door}${query} ${json(given)} ${json(more)}`,
    path,
    'apply',
    object,
  )
}

const one = { a: '1' }
const plain = { plural: 'plains', kind: 'Plain' }
const status = { door: '/status', name: 'z' }
const metadata = [{ unknown: 'x' }, { labels: { x: null } }, { labels: null }, { annotations: { x: 1 } }]

/** What an apply says of a custom object that its schema forbids: nulls, mostly, and what counts as a generation. */
export const customApplyCases: readonly OracleCase[] = [
  define('things', 'Thing', { status: {} }),
  define('plains', 'Plain'),
  served('things'),
  served('plains'),
  ...[one, one, { ...one, n: null }, one, { a: null }, { ...one, d: null }, { ...one, nd: null }].map(each =>
    apply(each),
  ),
  ...[
    { unknown: 'x' },
    { unknown: null },
    { o: null },
    { o: {} },
    { o: { x: null } },
    { l: null },
    { l: [] },
  ].map(each => apply({ ...one, ...each })),
  ...[
    { l: [null] },
    { m: { x: null } },
    { free: { x: null, y: { z: null } } },
    { free: null },
    { lm: null },
  ].map(each => apply({ ...one, ...each })),
  ...[[{ k: '1', v: null }], [{ k: null }], [{ v: '1' }]].map(lm => apply({ ...one, lm })),
  ...[{ status: { s: 'x' } }, { status: null }, { status: { s: null } }, { top: 1 }, { top: null }].map(
    more => apply(one, { more }),
  ),
  ...[{ a: 1 }, { ...one, n: 'x' }, null, {}, [], 'x'].map(each => apply(each)),
  ...[
    { ...one, n: null, nd: null, d: null },
    { ...one, unknown: 1 },
    { o: null },
    { free: { x: null } },
    { a: null },
  ].map((each, index) => apply(each, { name: `new${index}` })),
  ...metadata.map(each => apply(one, { name: 'i', more: { metadata: { name: 'i', ...each } } })),
  apply({ a: '2', n: null, nd: null, d: null }, { query: '&force=true' }),
  ...[{ a: '2', d: 'def' }, { a: '2' }, { a: '2', nd: 'x' }].map(each => apply(each)),
  ...[{}, { status: { s: '1' } }, { status: null }, { status: { s: null } }].map(more =>
    apply(one, { ...plain, more }),
  ),
  apply({ ...one, d: null }, plain),
  apply(one, { name: 'z' }),
  ...[{ s: null }, { s: 1 }, null, { s: 'x' }, { s: null }, { u: 1 }, true].flatMap(each => [
    apply(undefined, { ...status, more: { status: each } }),
    patch(`custom apply: merged ${json(each)}`, `${collection('things')}/z/status`, 'merge', {
      status: each,
    }),
  ]),
  ...['Strict', 'Ignore'].map(word => apply({ ...one, unknown: 2 }, { query: `&fieldValidation=${word}` })),
  patch('custom apply: merged null', `${collection('things')}/a`, 'merge', {
    spec: { n: null, free: { x: null } },
  }),
  { name: 'custom apply: what came of it', method: 'GET', path: collection('things') },
  { name: 'custom apply: and of the others', method: 'GET', path: collection('plains') },
]
