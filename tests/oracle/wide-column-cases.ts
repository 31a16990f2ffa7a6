import { get, type OracleCase, patch, send } from './case.ts'
import { samples } from './samples.ts'

const group = 'wide.example.org'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const v1 = 'v=v1;g=meta.k8s.io'
const table = `application/json;as=Table;${v1}`
const formats = {
  string: ['', 'name', 'byte', 'date', 'date-time', 'password', 'binary'],
  integer: ['', 'int32', 'int64'],
  number: ['', 'float', 'double'],
  boolean: [''],
  date: ['', 'date', 'date-time'],
}
const paths = [
  '.spec.text',
  '.spec.count',
  '.spec.share',
  '.spec.flag',
  '.spec.at',
  '.spec.list',
  '.spec.none',
  '.metadata.creationTimestamp',
  '.metadata.labels.a',
  '.status.phase',
]

/** Each type and format with each path, of priorities that show it always, in wide tables or never first. */
const columns = Object.entries(formats).flatMap(([type, known]) =>
  known.flatMap((format, at) =>
    paths.map((jsonPath, place) => ({
      name: `${type} ${format || 'plain'} ${place}`,
      type,
      ...(format && { format }),
      ...(place % 3 === 1 && { priority: place }),
      ...(place % 4 === 2 && { description: `about ${at}` }),
      jsonPath,
    })),
  ),
)
const names = { plural: 'wides', singular: 'wide', kind: 'Wide', listKind: 'WideList' }
const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const version = (name: string, more: object) => ({
  ...{
    name,
    served: true,
    storage: name === 'v1',
    schema: { openAPIV3Schema: schema },
    subresources: { status: {} },
  },
  ...more,
})
const objects = [
  {
    name: 'a',
    labels: { a: 'x' },
    spec: {
      text: 't',
      count: 5,
      share: 0.5,
      flag: true,
      at: '2020-01-01T00:00:00Z',
      list: [1, 'b', null, { c: 1 }],
    },
  },
  { name: 'b', labels: {}, spec: { text: 7, count: 'x', share: '1', flag: 'true', at: 'soon', list: {} } },
  { name: 'c', labels: { a: '' }, spec: { text: null, count: 1e20, share: -0, flag: 0, at: 5, list: 'l' } },
  { name: 'd', labels: {}, spec: { text: '', count: -1.5, share: 1e-9, flag: [], at: '', list: [] } },
  {
    name: 'e',
    labels: {},
    spec: {
      text: 'line\nbreak\ttab',
      count: 9007199254740991,
      share: 3,
      flag: false,
      at: '2999-12-31T23:59:59+02:00',
      list: [[1], [2]],
    },
  },
]
const collection = `/apis/${group}/v1/namespaces/oracle/wides`
const bad: readonly (readonly [title: string, column: object])[] = [
  ['no name', { type: 'string', jsonPath: '.a' }],
  ['an empty name', { name: '', type: 'string', jsonPath: '.a' }],
  ['no type', { name: 'c', jsonPath: '.a' }],
  ['an unknown type', { name: 'c', type: 'object', jsonPath: '.a' }],
  ['an unknown format', { name: 'c', type: 'string', format: 'uuid', jsonPath: '.a' }],
  ['a format of another type', { name: 'c', type: 'integer', format: 'date', jsonPath: '.a' }],
  ['no path', { name: 'c', type: 'string' }],
  ['an empty path', { name: 'c', type: 'string', jsonPath: '' }],
  ['a path without a dot', { name: 'c', type: 'string', jsonPath: 'a' }],
  ['a path with braces', { name: 'c', type: 'string', jsonPath: '{.a}' }],
  ['a path of a range', { name: 'c', type: 'string', jsonPath: '.a[?(@.b)]' }],
  ['a negative priority', { name: 'c', type: 'string', jsonPath: '.a', priority: -1 }],
  ['a priority beyond 32 bits', { name: 'c', type: 'string', jsonPath: '.a', priority: 2147483648 }],
  ['a priority of a text', { name: 'c', type: 'string', jsonPath: '.a', priority: '1' }],
]

const define = (plural: string, versions: readonly object[]) => ({
  metadata: { name: `${plural}.${group}` },
  spec: { group, scope: 'Namespaced', names: { ...names, plural }, versions },
})

/** Tables of custom kinds with many columns, as lists, watches and single rows, with what they carry. */
export const wideColumnCases: readonly OracleCase[] = [
  send(
    'POST',
    'wide: define',
    definitions,
    define('wides', [version('v1', { additionalPrinterColumns: columns }), version('v2', {})]),
  ),
  { ...get('wide: served', collection), until: 200 },
  ...objects.map(({ name, labels, spec }) =>
    send('POST', `wide: make ${name}`, collection, {
      apiVersion: `${group}/v1`,
      kind: 'Wide',
      metadata: { name, labels: { ...labels, wide: 'yes' } },
      spec,
    }),
  ),
  patch('wide: status', `${collection}/a/status`, 'merge', { status: { phase: 'Up' } }),
  ...['', 'None', 'Metadata', 'Object', 'Odd'].flatMap(include =>
    ['v1', 'v2'].flatMap(of => {
      const base = collection.replace('/v1/', `/${of}/`)
      const query = include === '' ? '' : `includeObject=${include}`
      return [
        get(`wide: list ${of} ${include}`, `${base}?${query}`, table),
        get(`wide: page ${of} ${include}`, `${base}?limit=2&${query}`, table),
        get(`wide: none ${of} ${include}`, `${base}?labelSelector=absent&${query}`, table),
        get(`wide: old table ${of} ${include}`, `${base}?${query}`, table.replace('v=v1', 'v=v1beta1')),
        get(`wide: YAML ${of} ${include}`, `${base}?${query}`, table.replace('json', 'yaml')),
        ...objects.map(({ name }) =>
          get(`wide: ${name} of ${of} ${include}`, `${base}/${name}?${query}`, table),
        ),
        get(`wide: status of ${of} ${include}`, `${base}/a/status?${query}`, table),
        ...[
          'resourceVersion=0',
          'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
        ].map(how => ({
          ...get(
            `wide: watch ${of} ${include} ${how}`,
            `${base}?watch=1&timeoutSeconds=1&${how}&${query}`,
            table,
          ),
          isAside: true,
        })),
      ]
    }),
  ),
  ...bad.flatMap(([title, column]) =>
    ['v1', 'v2'].map(of =>
      send(
        'POST',
        `wide: a column with ${title} in ${of}`,
        `${definitions}?dryRun=All`,
        define('narrows', [
          version('v1', of === 'v1' ? { additionalPrinterColumns: [column] } : {}),
          version('v2', of === 'v2' ? { additionalPrinterColumns: [column] } : {}),
        ]),
      ),
    ),
  ),
  { name: 'wide: remove', method: 'DELETE', path: `${definitions}/wides.${group}` },
]

const many = Array.from({ length: 300 }, (_, at) => `m${(at * 7919) % 300}`)

/** Tables of doors that are no kind of their own, of every built-in kind's bookmarks, and of who changed what. */
export const doorTableCases: readonly OracleCase[] = [
  ...['namespaces/oracle/status', 'namespaces/oracle', 'namespaces/oracle/serviceaccounts/default'].flatMap(
    path =>
      ['None', 'Metadata', 'Object'].map(word =>
        get(`door: ${path} ${word}`, `/api/v1/${path}?includeObject=${word}`, table),
      ),
  ),
  send('POST', 'door: map of many managers', '/api/v1/namespaces/oracle/configmaps', {
    metadata: { name: 'managed' },
  }),
  ...many.map(manager =>
    patch(
      `door: by ${manager}`,
      `/api/v1/namespaces/oracle/configmaps/managed?fieldManager=${manager}`,
      'merge',
      {
        data: { [manager]: 'x' },
      },
    ),
  ),
  get('door: managers', '/api/v1/namespaces/oracle/configmaps/managed'),
  ...samples.map(({ kind, collection }) => ({
    ...get(
      `door: bookmark of ${kind}`,
      `${collection}?watch=1&timeoutSeconds=2&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=none`,
      table,
    ),
    isAside: true,
  })),
  { name: 'door: remove', method: 'DELETE', path: '/api/v1/namespaces/oracle/configmaps/managed' },
]
