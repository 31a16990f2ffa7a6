import { cbor, get, json, jsonHeaders, type OracleCase, patch, protobuf, send } from './case.ts'

const core = '/api/v1/namespaces/paged'
const maps = `${core}/configmaps`
const secrets = `${core}/secrets`
const every = '/api/v1/configmaps'
const v1 = 'v=v1;g=meta.k8s.io'
const forms = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf,
  cbor,
  table: `application/json;as=Table;${v1}`,
  metadata: `application/json;as=PartialObjectMetadataList;${v1}`,
  'metadata in protobuf': `${protobuf};as=PartialObjectMetadataList;${v1}`,
}
const names = ['a', 'a-b', 'a.b', 'ab', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
const token = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : json(value)).toString('base64url')
const own = (rv: unknown, start: unknown, more: object = {}) =>
  token({ v: 'meta.k8s.io/v1', rv, start, ...more })

/** Tokens that no server has handed out, or that say something odd. */
const odd: Readonly<Record<string, string>> = {
  'no base64': '!!!',
  'padded base64': 'e30=',
  'plain base64': 'e+/=',
  'an empty object': token('{}'),
  null: token('null'),
  'a list': token('[]'),
  'a text': token('"x"'),
  'a number': token('1'),
  'cut JSON': token('{"v":'),
  'two objects': token(`${json({ v: 'meta.k8s.io/v1', rv: -1, start: 'a\u0000' })}{}`),
  'no version': token({ rv: 1, start: 'a' }),
  'another version': token({ v: 'meta.k8s.io/v2', rv: 1, start: 'a' }),
  'a version that is a number': token({ v: 1, rv: 1, start: 'a' }),
  'a revision that is a text': own('1', 'a'),
  'a revision that is a fraction': own(1.5, 'a'),
  'a revision beyond 64 bits': token('{"v":"meta.k8s.io/v1","rv":9223372036854775808,"start":"a"}'),
  'the last revision': token('{"v":"meta.k8s.io/v1","rv":9223372036854775807,"start":"a"}'),
  'a revision to come': own(999_999_999, 'a\u0000'),
  'revision zero': own(0, 'a'),
  'revision one': own(1, 'a\u0000'),
  'revision -2': own(-2, 'a\u0000'),
  'no revision': token({ v: 'meta.k8s.io/v1', start: 'a' }),
  'no start': token({ v: 'meta.k8s.io/v1', rv: -1 }),
  'an empty start': own(-1, ''),
  'a start that is a number': own(-1, 1),
  'a start of null': own(-1, null),
  'a start at the newest': own(-1, 'c\u0000'),
  'a start without its end': own(-1, 'c'),
  'a start behind all': own(-1, 'zzz\u0000'),
  'a start before all': own(-1, '0'),
  'a start with a slash': own(-1, '/c'),
  'a start of another namespace': own(-1, 'other/c\u0000'),
  'a start above': own(-1, '../secrets/c'),
  'a start with dots': own(-1, 'a/../b'),
  'a start of one dot': own(-1, '.'),
  'a start of two dots': own(-1, '..'),
  'a start with a dot inside': own(-1, 'a/./b'),
  'a start with two slashes': own(-1, 'a//b'),
  'a start that ends in a slash': own(-1, 'c/'),
  'a start of zero': own(-1, '\u0000'),
  'a start beyond ASCII': own(-1, 'é\u0000'),
  'an unknown member': own(-1, 'c\u0000', { more: 1 }),
  'members in other letters': token({ V: 'meta.k8s.io/v1', RV: -1, START: 'c\u0000' }),
  'a long one': own(-1, 'x'.repeat(5000)),
  'spaces around': ` ${own(-1, 'c')} `,
}

const revisions = ['', '0', '1', '{{first}}', '{{last}}', '999999999', '-1', 'x']
const matches = ['', 'Exact', 'NotOlderThan', 'exact', 'Nonsense']
const limits = ['', '0', '1', '3', '500', '-1']
const selectors = [
  '',
  'labelSelector=odd%3Dyes',
  'fieldSelector=metadata.name%3Dc',
  'fieldSelector=metadata.name!%3Dc',
  'fieldSelector=metadata.name%3Dabsent',
  'labelSelector=absent%3Dyes',
  'labelSelector=odd%3Dyes&fieldSelector=metadata.name%3Da',
  'fieldSelector=metadata.namespace%3Dpaged',
]

const joined = (...parts: readonly string[]) => parts.filter(part => part !== '').join('&')
const option = (name: string, value: string) => (value === '' ? '' : `${name}=${value}`)
const list = (path: string, query: string, accept?: string): OracleCase =>
  get(`page: ${path.slice(8)}?${query}${accept ? ` as ${accept}` : ''}`, `${path}?${query}`, accept)

/** Whole walks: each page keeps what the next one needs. */
const walk = (title: string, path: string, query: string, pages: number, accept?: string): OracleCase[] =>
  Array.from({ length: pages }, (_, page) => ({
    ...get(
      `page: ${title}, ${page + 1}`,
      `${path}?${joined(query, page === 0 ? '' : `continue={{walk}}`)}`,
      accept,
    ),
    keep: { walk: 'metadata.continue' },
  }))

const make: OracleCase[] = [
  ...['paged', 'paged-b'].map(name =>
    send('POST', 'page: make', '/api/v1/namespaces', { metadata: { name } }),
  ),
  ...names.flatMap((name, at): OracleCase[] => [
    {
      ...send('POST', `page: make ${name}`, maps, {
        metadata: { name, labels: { odd: at % 2 === 0 ? 'yes' : 'no', paged: 'yes' } },
        data: { at: String(at) },
      }),
      keep: at === 0 ? { first: 'metadata.resourceVersion' } : { last: 'metadata.resourceVersion' },
    },
    send('POST', `page: make secret ${name}`, secrets, {
      metadata: { name, labels: { odd: at % 2 === 0 ? 'yes' : 'no' } },
      type: at % 2 === 0 ? 'Opaque' : 'example.org/t',
    }),
  ]),
  ...['c', 'z'].map(name =>
    send('POST', `page: make ${name} elsewhere`, '/api/v1/namespaces/paged-b/configmaps', {
      metadata: { name, labels: { paged: 'yes' } },
    }),
  ),
]

const combined = revisions.flatMap(revision =>
  matches.flatMap(match =>
    limits.map(limit =>
      list(
        maps,
        joined(
          option('resourceVersion', revision),
          option('resourceVersionMatch', match),
          option('limit', limit),
        ),
      ),
    ),
  ),
)
const selected = selectors.flatMap(selector =>
  ['', '0', '{{first}}', '{{last}}'].flatMap(revision =>
    ['', 'Exact', 'NotOlderThan'].flatMap(match =>
      ['', '1', '2'].flatMap(limit => {
        const query = joined(
          selector,
          option('resourceVersion', revision),
          option('resourceVersionMatch', match),
          option('limit', limit),
        )
        return [list(maps, query), list(every, joined('labelSelector=paged', query))]
      }),
    ),
  ),
)
const formed = Object.values(forms).flatMap(accept =>
  [
    'limit=2',
    'limit=2&resourceVersion=0',
    `limit=2&continue=${own(-1, 'c\u0000')}`,
    'continue=x',
    'limit=x',
  ].map(query => list(maps, query, accept)),
)

const kept: OracleCase[] = [
  {
    ...get('page: the token', `${maps}?limit=3`),
    keep: { token: 'metadata.continue', before: 'metadata.resourceVersion' },
  },
  {
    ...get('page: the token of all', `${every}?limit=1&labelSelector=paged`),
    keep: { all: 'metadata.continue' },
  },
]
const carried: OracleCase[] = [
  ...[
    ...[
      '',
      'limit=0',
      'limit=1',
      'limit=-1',
      'limit=500',
      'labelSelector=odd%3Dyes',
      'labelSelector=odd%3Dno&limit=1',
    ],
    ...[
      'fieldSelector=metadata.name%3Df',
      'fieldSelector=metadata.name%3Da',
      'fieldSelector=metadata.name!%3Df&limit=2',
    ],
    ...[
      'resourceVersion=0',
      'resourceVersion=1',
      'resourceVersion={{before}}',
      'resourceVersion=x',
      'resourceVersion=',
    ],
    ...[
      'resourceVersion=0&resourceVersionMatch=NotOlderThan',
      'resourceVersion={{before}}&resourceVersionMatch=Exact',
    ],
    ...[
      'resourceVersionMatch=Exact',
      'resourceVersionMatch=Nonsense',
      'watch=1&timeoutSeconds=1',
      'sendInitialEvents=true',
    ],
    ...['timeoutSeconds=0', 'continue=x'],
  ].map(query => list(maps, joined('continue={{token}}', query))),
  ...[
    secrets,
    every,
    `${core}/pods`,
    '/api/v1/namespaces',
    '/api/v1/nodes',
    '/api/v1/namespaces/paged-b/configmaps',
  ].flatMap(path => [
    list(path, 'continue={{token}}&labelSelector=paged'),
    list(path, 'continue={{token}}&limit=1&labelSelector=paged'),
    list(path, 'continue={{all}}&limit=1&labelSelector=paged'),
  ]),
  list('/apis/apps/v1/namespaces/paged/deployments', 'continue={{token}}'),
  list('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', 'continue={{token}}&labelSelector=paged'),
  list('/apis/apiregistration.k8s.io/v1/apiservices', 'continue={{token}}&labelSelector=paged'),
  list(`${maps}/c`, 'continue={{token}}&limit=x'),
  ...['DELETE', 'POST', 'PUT'].map(
    (method): OracleCase => ({
      name: `page: ${method} with a token`,
      method,
      path: `${maps}?continue={{token}}&limit=1&dryRun=All`,
      headers: jsonHeaders,
      body: '{}',
    }),
  ),
]

const changed: OracleCase[] = [
  patch('page: change one that is still to come', `${maps}/g`, 'merge', { data: { at: 'changed' } }),
  { name: 'page: remove one that is still to come', method: 'DELETE', path: `${maps}/h` },
  send('POST', 'page: make one that is still to come', maps, {
    metadata: { name: 'fa', labels: { paged: 'yes' } },
  }),
  list(maps, 'continue={{token}}'),
  list(maps, 'continue={{token}}&limit=2'),
  list(maps, 'continue={{token}}&fieldSelector=metadata.name%3Dh'),
  list(maps, 'continue={{token}}&labelSelector=odd%3Dno'),
  list(maps, 'resourceVersion={{before}}&resourceVersionMatch=Exact'),
  list(maps, 'resourceVersion={{before}}&resourceVersionMatch=Exact&limit=7'),
  list(maps, 'resourceVersion={{before}}&resourceVersionMatch=Exact&fieldSelector=metadata.name%3Dh'),
  list(maps, 'resourceVersion={{before}}&resourceVersionMatch=Exact&fieldSelector=metadata.name%3Dfa'),
  list(maps, 'resourceVersion={{before}}&resourceVersionMatch=Exact&labelSelector=odd%3Dno', forms.table),
  list(maps, 'resourceVersion={{before}}&resourceVersionMatch=Exact', forms['metadata in protobuf']),
  list(maps, 'resourceVersion={{before}}&resourceVersionMatch=NotOlderThan&limit=7'),
  list(maps, 'resourceVersion={{before}}'),
  list(maps, 'resourceVersion={{before}}&limit=7'),
  list(secrets, 'resourceVersion={{before}}&resourceVersionMatch=Exact&fieldSelector=type%3DOpaque&limit=2'),
]

/** Lists in pages and of times: every way to say which page of when, and tokens that no server has made. */
export const pagingCases: readonly OracleCase[] = [
  ...make,
  ...kept,
  ...combined,
  ...selected,
  ...formed,
  ...Object.entries(odd).flatMap(([title, text]) => [
    get(`page: ${title}`, `${maps}?continue=${encodeURIComponent(text)}`),
    get(`page: ${title}, a page`, `${maps}?limit=2&continue=${encodeURIComponent(text)}`),
    get(
      `page: ${title}, of all`,
      `${every}?labelSelector=paged&limit=2&continue=${encodeURIComponent(text)}`,
    ),
    get(
      `page: ${title}, of a cluster`,
      `/api/v1/namespaces?labelSelector=paged&continue=${encodeURIComponent(text)}`,
    ),
    get(
      `page: ${title}, of definitions`,
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions?labelSelector=paged&continue=${encodeURIComponent(text)}`,
    ),
  ]),
  ...carried,
  ...walk('by two', maps, 'limit=2', 7),
  ...walk('by five', maps, 'limit=5', 4),
  ...walk('by labels', maps, 'limit=2&labelSelector=odd%3Dyes', 4),
  ...walk('by fields', secrets, 'limit=4&fieldSelector=type%3DOpaque', 3),
  ...walk('of all namespaces', every, 'limit=5&labelSelector=paged', 4),
  ...walk('as tables', maps, 'limit=5', 3, forms.table),
  ...walk('of metadata', maps, 'limit=5', 3, forms.metadata),
  ...walk('that began exactly', maps, 'limit=5&resourceVersion={{last}}&resourceVersionMatch=Exact', 1),
  ...changed,
  ...['paged', 'paged-b'].flatMap(name =>
    ['configmaps', 'secrets'].map(
      (plural): OracleCase => ({
        name: `page: remove ${plural} of ${name}`,
        method: 'DELETE',
        path: `/api/v1/namespaces/${name}/${plural}`,
      }),
    ),
  ),
]
