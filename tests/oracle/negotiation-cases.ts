import { cbor, get, jsonHeaders, type OracleCase, patchTypes, protobuf } from './case.ts'

const yaml = 'application/yaml'
const v1 = 'v=v1;g=meta.k8s.io'
const aggregated = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** What they say is about each server itself, or about what other tracks define meanwhile. */
const ownTitles = new Set([
  ...['keys', 'issuer', 'health', 'groups', 'aggregated', 'documents', 'old document'],
])

const accepted = [
  ...[
    '',
    ' ',
    ',',
    ';',
    '*/*',
    '*',
    '*/json',
    'application/*',
    'application',
    '/',
    'text/*',
    'text/plain',
    'text/html',
  ],
  ...[
    'application/json',
    'APPLICATION/JSON',
    'Application/Json',
    ' application/json ',
    'application/json;',
    'application/json;;',
  ],
  ...[
    'application/json; charset=utf-8',
    'application/json;charset=utf-16',
    'application/json;q=0',
    'application/json;q=2',
  ],
  ...[
    'application/json;q=x',
    'application/json;q=',
    'application/json;q=-1',
    'application/json;q=0.001',
    'application/json;q=1.0001',
  ],
  ...[
    `application/json;q=0,${yaml};q=0`,
    `${yaml};q=0.5,application/json;q=0.4`,
    `application/json;q=0.5, ${yaml};q=0.50`,
  ],
  ...[
    `*/*;q=0.1,${yaml};q=0`,
    `${protobuf};q=0.1,${yaml}`,
    `${yaml},${protobuf}`,
    `${protobuf}, */*;q=0.8`,
    `text/html,${yaml};q=0.9`,
  ],
  ...[
    cbor,
    `${cbor},application/json`,
    `${cbor};q=0.1,${yaml}`,
    'application/cbor-seq',
    'application/x-yaml',
    'text/yaml',
    'text/yaml,*/*',
  ],
  ...[
    'application/json;pretty=0',
    'application/json;pretty=true',
    'application/json;pretty=1',
    `${yaml};pretty=1`,
    'application/json;stream=watch',
  ],
  ...[
    'application/json;stream=nonsense',
    `${protobuf};stream=watch`,
    `${protobuf};type=nonsense`,
    `${protobuf};proto=x`,
    'application/json;a=b',
  ],
  ...[
    `application/json;as=Table;${v1}`,
    'application/json;as=Table',
    `application/json;as=table;${v1}`,
    `application/json;as="Table";v="v1";g="meta.k8s.io"`,
  ],
  ...[
    `application/json;AS=Table;V=v1;G=meta.k8s.io`,
    `application/json;as=;v=;g=`,
    `application/json;as=Table;v=;g=`,
    `application/json;${v1}`,
    'application/json;v=v1',
  ],
  ...[
    'application/json;g=meta.k8s.io',
    'application/json;as=Table;v=v2;g=meta.k8s.io',
    `application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
  ],
  ...[
    `${yaml};as=Table;${v1}`,
    `${protobuf};as=Table;${v1}`,
    `${protobuf};as=Table;${v1},${yaml};as=Table;${v1}`,
    `application/json;as=Table;${v1};q=0.1,${yaml}`,
  ],
  ...[
    `*/*;as=Table;${v1}`,
    `application/*;as=PartialObjectMetadata;${v1}`,
    `application/json;as=PartialObjectMetadata;${v1}`,
    `application/json;as=PartialObjectMetadataList;${v1}`,
  ],
  ...[
    `${yaml};as=PartialObjectMetadataList;${v1}`,
    `${protobuf};as=PartialObjectMetadataList;${v1}`,
    `${protobuf};as=PartialObjectMetadata;${v1}`,
  ],
  ...[
    `application/json;${aggregated}`,
    `application/json;as=Status;${v1}`,
    'application/json;as=APIGroupList;v=v1;g=',
    'application/json;as=Pod;v=v1;g=',
  ],
  ...[
    'application/json;as=Table;v=v1;g=meta.k8s.io;includeObject=None',
    'application/vnd.kubernetes.protobuf.other',
    'application/json, garbage',
    'garbage, application/json',
  ],
  ...[
    'a/b/c',
    'application/json/x',
    '"application/json"',
    'application/json;as',
    'application/json;=x',
    'application/json;as=Table;as=Nonsense;v=v1;g=meta.k8s.io',
  ],
]

const targets = {
  one: '/api/v1/namespaces/negotiated/configmaps/kept',
  list: '/api/v1/namespaces/negotiated/configmaps',
  absent: '/api/v1/namespaces/negotiated/configmaps/absent',
  watch: '/api/v1/namespaces/negotiated/configmaps?watch=1&resourceVersion=0&timeoutSeconds=9',
  'a bad list': '/api/v1/namespaces/negotiated/configmaps?limit=x',
  scale: '/apis/apps/v1/namespaces/negotiated/deployments/absent/scale',
  version: '/version',
  groups: '/apis',
  'a group': '/apis/apps',
  resources: '/api/v1',
  'no path': '/nonsense',
  'no resource': '/api/v1/nonsense',
  'no group': '/apis/nonsense.example.org/v1/things',
  health: '/livez',
  documents: '/openapi/v3',
  keys: '/.well-known/openid-configuration',
  definitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/absent',
  services: '/apis/apiregistration.k8s.io/v1/apiservices/absent',
}

const asked = Object.entries(targets).flatMap(([title, path]) =>
  accepted.map(
    (accept): OracleCase => ({
      ...get(`accept: ${title} as ${JSON.stringify(accept)}`, path),
      headers: { accept },
      ...(title === 'watch' && { events: 1 }),
      ...(ownTitles.has(title) && { isHeadOnly: true }),
    }),
  ),
)

const contentTypes = [
  ...[
    '',
    ' ',
    'application/json',
    'Application/JSON',
    'application/json;charset=latin1',
    'application/json; q=1',
    'application/json,application/yaml',
  ],
  ...[
    'text/json',
    'text/plain',
    '*/*',
    'application/*',
    'json',
    'application/json; charset',
    ';',
    yaml,
    'application/x-yaml',
    'text/yaml',
    protobuf,
    cbor,
  ],
  ...[
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/octet-stream',
    ...Object.values(patchTypes),
    'application/apply-patch+cbor',
  ],
  ...[
    'application/merge-patch+json; charset=utf-8',
    'application/MERGE-patch+json',
    ' application/merge-patch+json',
    'application/merge-patch+json ; a=b',
  ],
]
const bodyOf = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept"}}'
const sent = contentTypes.flatMap(type =>
  [
    ['POST', `${targets.list}?dryRun=All`],
    ['PUT', `${targets.one}?dryRun=All`],
    ['PATCH', `${targets.one}?dryRun=All&fieldManager=m`],
    ['DELETE', `${targets.one}?dryRun=All`],
    ['DELETE', `${targets.list}?dryRun=All`],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
    ['PATCH', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/absent?fieldManager=m'],
    ['POST', '/version'],
  ].map(
    ([method, path]): OracleCase => ({
      name: `content: ${method} ${path} of ${JSON.stringify(type)}`,
      method: method!,
      path: path!,
      headers: { 'content-type': type },
      body: bodyOf,
    }),
  ),
)

const encodings = [
  'gzip',
  'GZIP',
  'gzip;q=0',
  'gzip;q=0.5',
  'deflate',
  'br',
  'zstd',
  'identity',
  '*',
  'gzip, deflate',
  'identity;q=0',
  'x-gzip',
  '',
]
const packed = Object.entries({
  one: targets.one,
  'a large one': '/api/v1/namespaces/negotiated/configmaps/large',
  list: targets.list,
  watch: `${targets.watch}&fieldSelector=metadata.name%3Dlarge`,
  'a large one as YAML': '/api/v1/namespaces/negotiated/configmaps/large',
  'a large table': targets.list,
  resources: '/api/v1',
  groups: '/apis',
  aggregated: '/apis',
  documents: '/openapi/v3',
  document: '/openapi/v3/apis/apps/v1',
  version: '/version',
  absent: targets.absent,
  health: '/livez?verbose',
}).flatMap(([title, path]) =>
  encodings.map((encoding): OracleCase => {
    const accept = title.endsWith('YAML')
      ? yaml
      : title === 'aggregated'
        ? `application/json;${aggregated}`
        : title.endsWith('table')
          ? `application/json;as=Table;${v1}`
          : 'application/json'
    return {
      ...get(`encoding: ${title} in ${JSON.stringify(encoding)}`, path),
      headers: { 'accept-encoding': encoding, accept },
      ...(title === 'watch' && { events: 1 }),
      ...(title === 'document' && { isDocument: true }),
      ...(ownTitles.has(title) && { isHeadOnly: true }),
    }
  }),
)

const conditions: Readonly<Record<string, string>>[] = [
  { 'if-none-match': '*' },
  { 'if-none-match': '"nonsense"' },
  { 'if-none-match': 'nonsense' },
  { 'if-none-match': '{{etag}}' },
  { 'if-none-match': 'W/{{etag}}' },
  { 'if-none-match': '"a", {{etag}}' },
  { 'if-match': '"nonsense"' },
  { 'if-match': '{{etag}}' },
  { 'if-match': '*' },
  { 'if-modified-since': 'Sun, 22 Nov 2099 00:00:00 GMT' },
  { 'if-modified-since': 'nonsense' },
  { 'if-unmodified-since': 'Sun, 22 Nov 2009 00:00:00 GMT' },
  { range: 'bytes=0-10' },
  { range: 'bytes=-10' },
  { range: 'bytes=99999999-' },
  { range: 'bytes=0-1,3-4' },
  { range: 'nonsense' },
  { 'if-range': '{{etag}}', range: 'bytes=0-10' },
  { origin: 'https://example.org' },
  { 'x-http-method-override': 'DELETE' },
  { expect: '200-ok' },
  { te: 'trailers' },
  { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'http', 'x-real-ip': '1.2.3.4' },
  { 'audit-id': 'mine' },
  { 'audit-id': '' },
  { 'audit-id': 'a'.repeat(100) },
  { 'x-request-id': 'mine' },
  { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  { 'kubectl-command': 'kubectl get', 'kubectl-session': 'x' },
  { upgrade: 'h2c' },
  { 'cache-control': 'no-cache' },
  { 'user-agent': '' },
  { 'user-agent': 'Mozilla/5.0 (X11)' },
  { cookie: 'a=b' },
  { authorization: 'Basic YTpi' },
  { authorization: 'Bearer' },
  { authorization: 'Bearer ' },
  { authorization: 'Bearer nonsense' },
  { authorization: 'nonsense' },
  { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' },
  { 'impersonate-user': '' },
  { 'impersonate-group': 'x' },
  { 'impersonate-uid': 'x' },
  { 'impersonate-extra-a': 'x' },
]
const conditional = Object.entries({
  aggregated: '/apis',
  'aggregated core': '/api',
  groups: '/apis',
  documents: '/openapi/v3',
  document: '/openapi/v3/apis/apps/v1',
  'old document': '/openapi/v2',
  keys: '/openid/v1/jwks',
  issuer: '/.well-known/openid-configuration',
  one: targets.one,
  list: targets.list,
  absent: targets.absent,
  health: '/livez',
  'no path': '/nonsense',
}).flatMap(([title, path]): OracleCase[] => {
  const accept = title.startsWith('aggregated') ? `application/json;${aggregated}` : 'application/json'
  const isDocument = title === 'document'
  return [
    {
      ...get(`condition: ${title}`, path),
      headers: { accept },
      keepHeaders: { etag: 'etag' },
      ...(isDocument && { isDocument }),
      ...(ownTitles.has(title) && { isHeadOnly: true }),
    },
    ...conditions.flatMap(headers =>
      ['GET', 'HEAD'].map(
        (method): OracleCase => ({
          name: `condition: ${method} ${title} with ${JSON.stringify(headers)}`,
          method,
          path,
          headers: { accept, ...headers },
          ...(isDocument && !headers.range && { isDocument }),
          ...(isDocument && headers.range && { isHeadOnly: true }),
          ...(ownTitles.has(title) && { isHeadOnly: true }),
        }),
      ),
    ),
  ]
})

const make = (path: string, body: object): OracleCase => ({
  name: `accept: make ${path}`,
  method: 'POST',
  path,
  headers: jsonHeaders,
  body: JSON.stringify(body),
})

/** Which form of an answer is chosen, by lists of media types, encodings and conditions that are rare or none. */
export const negotiationCases: readonly OracleCase[] = [
  make('/api/v1/namespaces', { metadata: { name: 'negotiated' } }),
  make(targets.list, { metadata: { name: 'kept' }, data: { a: 'b' } }),
  make(targets.list, { metadata: { name: 'large' }, data: { a: 'word '.repeat(40_000) } }),
  ...asked,
  ...sent,
  ...packed,
  ...conditional,
]
