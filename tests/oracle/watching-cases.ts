import { cbor, get, type OracleCase, patch, protobuf, send } from './case.ts'

const maps = '/api/v1/namespaces/watched/configmaps'
const every = '/api/v1/configmaps'
const v1 = 'v=v1;g=meta.k8s.io'
const forms = {
  json: 'application/json',
  'a stream of JSON': 'application/json;stream=watch',
  protobuf,
  'framed protobuf': `${protobuf};stream=watch`,
  table: `application/json;as=Table;${v1}`,
  metadata: `application/json;as=PartialObjectMetadata;${v1}`,
  'metadata in protobuf': `${protobuf};as=PartialObjectMetadata;${v1}`,
  yaml: 'application/yaml',
  cbor,
  'a sequence of CBOR': 'application/cbor-seq',
}
const joined = (...parts: readonly string[]) => parts.filter(part => part !== '').join('&')
const option = (name: string, value: string) => (value === '' ? '' : `${name}=${value}`)

/** Ends by itself after a second, so that also what does not come is seen. */
const follow = (path: string, query: string, accept?: string): OracleCase => ({
  ...get(
    `follow: ${path.slice(8)}?${query}${accept ? ` as ${accept}` : ''}`,
    `${path}?${joined('watch=1', query.includes('timeoutSeconds') ? '' : 'timeoutSeconds=1', query)}`,
    accept,
  ),
  isAside: true,
})

const names = ['a', 'b', 'c', 'd']
const selectors = [
  '',
  'labelSelector=odd%3Dyes',
  'labelSelector=absent',
  'fieldSelector=metadata.name%3Db',
  'fieldSelector=metadata.name!%3Db',
  'fieldSelector=metadata.name%3Dabsent',
  'labelSelector=odd%3Dyes&fieldSelector=metadata.name%3Da',
  'fieldSelector=metadata.namespace%3Dwatched',
]
const revisions = ['', '0', '{{first}}', '{{last}}']
const initial = [
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
  'sendInitialEvents=false&resourceVersionMatch=NotOlderThan',
  'sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
]
const refused = [
  ...[
    'sendInitialEvents=true',
    'sendInitialEvents=false',
    'sendInitialEvents=true&resourceVersionMatch=Exact',
  ],
  ...[
    'sendInitialEvents=',
    'sendInitialEvents=&resourceVersionMatch=NotOlderThan',
    'sendInitialEvents=x&resourceVersionMatch=NotOlderThan',
  ],
  ...[
    'resourceVersionMatch=NotOlderThan',
    'resourceVersionMatch=Exact',
    'resourceVersionMatch=Nonsense',
    'resourceVersionMatch=',
  ],
  ...[
    'resourceVersion=x',
    'resourceVersion=-1',
    'resourceVersion=1.5',
    'resourceVersion=0x1',
    'resourceVersion=18446744073709551616',
  ],
  ...[
    'resourceVersion=0&sendInitialEvents=true',
    'continue=x',
    'continue=x&resourceVersion=0',
    'continue=x&resourceVersion={{last}}',
  ],
  ...['limit=1', 'limit=x', 'limit=-1', 'timeoutSeconds=x', 'timeoutSeconds=1.5', 'timeoutSeconds='],
  ...[
    'labelSelector=a%20in%20b',
    'fieldSelector=x',
    'fieldSelector=spec.x%3D1',
    'labelSelector=a%3D%3D%3Db',
    'fieldSelector=metadata.name',
  ],
  ...[
    'allowWatchBookmarks=x&resourceVersion={{last}}',
    'timeout=1s&resourceVersion={{last}}',
    'timeout=x',
    'pretty=true',
  ],
  ...[
    'resourceVersion=999999999',
    'resourceVersion=999999999&allowWatchBookmarks=true',
    'timeoutSeconds=0&limit=x',
  ],
  ...initial.map(how => joined(how, 'resourceVersion=x')),
  ...initial.map(how => joined(how, 'continue=x')),
  ...initial.map(how => joined(how, 'limit=1')),
]

const kinds = [
  ...[
    '/api/v1/nodes',
    '/api/v1/pods',
    '/api/v1/componentstatuses',
    '/api/v1/bindings',
    '/api/v1/namespaces/watched/bindings',
  ],
  ...['/apis/authorization.k8s.io/v1/subjectaccessreviews', '/apis/authentication.k8s.io/v1/tokenreviews'],
  ...[
    '/apis/apiregistration.k8s.io/v1/apiservices',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ],
  ...[
    '/api/v1/namespaces/watched/pods/absent',
    '/api/v1/namespaces/absent/pods',
    '/api/v1/nonsense',
    '/apis/apps/v1/deployments',
  ],
]
const old = [
  ...[
    '/api/v1/watch/namespaces/watched/configmaps',
    '/api/v1/watch/namespaces/watched/configmaps/b',
    '/api/v1/watch/configmaps',
  ],
  ...[
    '/api/v1/watch/namespaces/watched',
    '/api/v1/watch/namespaces',
    '/api/v1/watch/nodes/absent',
    '/api/v1/watch/configmaps/b',
  ],
  ...[
    '/api/v1/watch/namespaces/watched/configmaps/b/status',
    '/api/v1/watch/componentstatuses',
    '/api/v1/watch/nonsense',
  ],
  ...[
    '/apis/apps/v1/watch/deployments',
    '/apis/apps/v1/watch/namespaces/watched/deployments',
    '/apis/apps/v1/watch/namespaces/watched/deployments/x',
  ],
  ...[
    '/apis/apiextensions.k8s.io/v1/watch/customresourcedefinitions/absent',
    '/apis/apiregistration.k8s.io/v1/watch/apiservices/absent',
  ],
  ...[
    '/apis/authorization.k8s.io/v1/watch/subjectaccessreviews',
    '/apis/batch/v1/watch/jobs',
    '/apis/networking.k8s.io/v1/watch/ingresses',
  ],
]

/** How what starts to match, stops to match, changes and goes is told. */
const history: OracleCase[] = [
  patch('follow: b matches', `${maps}/b`, 'merge', {
    metadata: { labels: { odd: 'yes' } },
    data: { x: '1' },
  }),
  patch('follow: a does not match', `${maps}/a`, 'merge', { metadata: { labels: { odd: 'no' } } }),
  patch('follow: c changes', `${maps}/c`, 'merge', { data: { x: '2' } }),
  { name: 'follow: d goes', method: 'DELETE', path: `${maps}/d` },
  send('POST', 'follow: e comes', maps, { metadata: { name: 'e', labels: { odd: 'yes', watched: 'yes' } } }),
  { name: 'follow: c goes', method: 'DELETE', path: `${maps}/c` },
  send('POST', 'follow: c comes again', maps, {
    metadata: { name: 'c', labels: { odd: 'no', watched: 'yes' } },
  }),
]

/** Watches: from every when, of every which, in every form, with what they are not allowed. */
export const watchingCases: readonly OracleCase[] = [
  send('POST', 'follow: make', '/api/v1/namespaces', { metadata: { name: 'watched' } }),
  ...names.map(
    (name, at): OracleCase => ({
      ...send('POST', `follow: make ${name}`, maps, {
        metadata: { name, labels: { odd: at % 2 === 0 ? 'yes' : 'no', watched: 'yes' } },
        data: { at: String(at) },
      }),
      keep: at === 0 ? { first: 'metadata.resourceVersion' } : { last: 'metadata.resourceVersion' },
    }),
  ),
  ...refused.map(query => follow(maps, query)),
  ...selectors.flatMap(selector => [
    ...revisions.map(revision => follow(maps, joined(selector, option('resourceVersion', revision)))),
    ...initial.map(how => follow(maps, joined(selector, how))),
    follow(maps, joined(selector, initial[0]!, 'resourceVersion={{last}}')),
    follow(every, joined('labelSelector=watched', selector.startsWith('label') ? '' : selector, initial[0]!)),
  ]),
  ...history,
  ...selectors.map(selector => follow(maps, joined(selector, 'resourceVersion={{last}}'))),
  ...Object.values(forms).flatMap(accept => [
    follow(maps, 'resourceVersion={{last}}', accept),
    follow(maps, 'resourceVersion={{last}}&labelSelector=odd%3Dyes', accept),
    follow(maps, initial[0]!, accept),
    follow(maps, joined(initial[0]!, 'labelSelector=absent'), accept),
    follow(maps, 'resourceVersion=999999999', accept),
    follow(maps, 'resourceVersion=x', accept),
    follow(maps, 'limit=x', accept),
    follow(maps, joined(initial[0]!, 'resourceVersion=999999999'), accept),
  ]),
  ...['None', 'Metadata', 'Object'].flatMap(word =>
    ['resourceVersion={{last}}', initial[0]!].map(query =>
      follow(maps, joined(`includeObject=${word}`, query), forms.table),
    ),
  ),
  ...kinds.flatMap(path =>
    ['', 'resourceVersion=0', initial[0]!].map(query => follow(path, joined('labelSelector=watched', query))),
  ),
  ...old.flatMap(path =>
    ['', '&resourceVersion=0', '&watch=0', '&watch=false', '&fieldSelector=metadata.name%3Dabsent'].map(
      more => ({
        ...get(`follow: ${path}${more}`, `${path}?timeoutSeconds=1&labelSelector=watched${more}`),
        isAside: true,
      }),
    ),
  ),
  { name: 'follow: remove', method: 'DELETE', path: maps },
]
