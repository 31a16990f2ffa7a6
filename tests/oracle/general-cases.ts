import { get, json, jsonHeaders, type OracleCase, protobuf } from './case.ts'

/** What is asked before the kinds: a namespace to work in, with the account that a controller would make. */
export const opening: readonly OracleCase[] = [
  {
    name: 'create the namespace',
    method: 'POST',
    path: '/api/v1/namespaces',
    headers: jsonHeaders,
    body: json({ metadata: { name: 'oracle' } }),
  },
  {
    name: 'create the default account',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/serviceaccounts',
    headers: jsonHeaders,
    body: json({ metadata: { name: 'default' } }),
  },
]

const aggregated = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const discoveryTypes = [
  'application/json',
  'application/yaml',
  protobuf,
  '*/*',
  'text/plain',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  `application/json;${aggregated}`,
  `application/yaml;${aggregated}`,
  `${protobuf};${aggregated}`,
  `application/json;${aggregated.replace('v2', 'v2beta1')}`,
  `application/json;${aggregated.replace('v2', 'v2beta1')},application/json`,
]

/** Questions that are about no kind in particular. */
export const generalCases: readonly OracleCase[] = [
  { name: 'no such path', method: 'GET', path: '/nonsense' },
  { name: 'no such group', method: 'GET', path: '/apis/nonsense.example.org/v1/things' },
  get('a request that has no time', '/api/v1/nodes?timeout=1ns'),
  get('a request that has no time, as YAML', '/api/v1/nodes?timeout=1ns', 'application/yaml'),
  { name: 'no such resource', method: 'GET', path: '/api/v1/things' },
  {
    name: 'a method that pods do not take',
    method: 'PUT',
    path: '/api/v1/namespaces/oracle/pods',
    headers: jsonHeaders,
    body: '{}',
  },
  { name: 'discovery of the core group', method: 'GET', path: '/api' },
  ...['/api', '/apis', '/apis/apps', '/api/v1', '/apis/apps/v1', '/version'].flatMap(path =>
    discoveryTypes.map(accept => get(`discovery ${path} as ${accept}`, path, accept)),
  ),
  { name: 'list with a bad limit', method: 'GET', path: '/api/v1/namespaces/oracle/configmaps?limit=x' },
  {
    name: 'list with a bad resourceVersion',
    method: 'GET',
    path: '/api/v1/namespaces/oracle/configmaps?resourceVersion=x',
  },
  {
    name: 'list with resourceVersionMatch alone',
    method: 'GET',
    path: '/api/v1/namespaces/oracle/configmaps?resourceVersionMatch=Exact',
  },
  {
    name: 'list with a bad continue',
    method: 'GET',
    path: '/api/v1/namespaces/oracle/configmaps?continue=x',
  },
  {
    name: 'watch from a bad resourceVersion',
    method: 'GET',
    path: '/api/v1/namespaces/oracle/configmaps?watch=true&resourceVersion=x',
  },
  {
    name: 'create in an absent namespace',
    method: 'POST',
    path: '/api/v1/namespaces/absent/configmaps',
    headers: jsonHeaders,
    body: json({ metadata: { name: 'x' } }),
  },
  {
    name: 'generateName without a body kind',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/configmaps',
    headers: jsonHeaders,
    body: json({ metadata: { generateName: 'gen-' } }),
  },
  {
    name: 'POST without a body',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/configmaps',
    headers: jsonHeaders,
    body: '',
  },
  {
    name: 'POST of an unknown media type',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/configmaps',
    headers: { 'content-type': 'text/plain' },
    body: 'x',
  },
  {
    name: 'POST of YAML',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/configmaps',
    headers: { 'content-type': 'application/yaml' },
    body: 'metadata: {name: yaml}\ndata: {a: b}\n',
  },
  {
    name: 'broken YAML of two lines',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/configmaps',
    headers: { 'content-type': 'application/yaml' },
    body: 'a: [b\nc: d',
  },
  {
    name: 'broken YAML that is applied',
    method: 'PATCH',
    path: '/api/v1/namespaces/oracle/configmaps/yaml?fieldManager=oracle',
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: 'a: [b\nc: d',
  },
  {
    name: 'GET as YAML',
    method: 'GET',
    path: '/api/v1/namespaces/oracle/configmaps/yaml',
    headers: { accept: 'application/yaml' },
  },
  {
    name: 'Pod without containers',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/pods',
    headers: jsonHeaders,
    body: json({ metadata: { name: 'p' }, spec: {} }),
  },
  {
    name: 'Pod with many faults',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/pods',
    headers: jsonHeaders,
    body: json({
      metadata: { name: 'p' },
      spec: {
        restartPolicy: 'Sometimes',
        containers: [
          {
            name: 'A',
            image: '',
            ports: [{ containerPort: 0 }],
            env: [{ name: '' }],
            volumeMounts: [{ name: 'none', mountPath: '' }],
          },
        ],
      },
    }),
  },
  {
    name: 'Pod with a wrong type',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/pods',
    headers: jsonHeaders,
    body: json({ metadata: { name: 'p' }, spec: { containers: 'none' } }),
  },
  {
    name: 'Deployment whose selector misses its template',
    method: 'POST',
    path: '/apis/apps/v1/namespaces/oracle/deployments',
    headers: jsonHeaders,
    body: json({
      metadata: { name: 'd' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { c: 'd' } }, spec: { containers: [{ name: 'x', image: 'y' }] } },
      },
    }),
  },
  {
    name: 'Service with a bad port',
    method: 'POST',
    path: '/api/v1/namespaces/oracle/services',
    headers: jsonHeaders,
    body: json({ metadata: { name: 's' }, spec: { ports: [{ port: 70000 }] } }),
  },
  {
    name: 'access review',
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    headers: jsonHeaders,
    body: json({ spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } }),
  },
  {
    name: 'anonymous list',
    method: 'GET',
    path: '/api/v1/namespaces/oracle/pods',
    headers: { 'x-oracle-anonymous': '1' },
  },
  {
    name: 'bad bearer token',
    method: 'GET',
    path: '/api/v1/namespaces/oracle/pods',
    headers: { 'x-oracle-anonymous': '1', authorization: 'Bearer nonsense' },
  },
  {
    name: 'impersonated list',
    method: 'GET',
    path: '/api/v1/namespaces/oracle/pods',
    headers: { 'impersonate-user': 'nobody' },
  },
  {
    name: 'impersonated create',
    method: 'POST',
    path: '/apis/apps/v1/namespaces/oracle/deployments',
    headers: { ...jsonHeaders, 'impersonate-user': 'nobody' },
    body: json({ metadata: { name: 'd' } }),
  },
  {
    name: 'impersonated cluster list',
    method: 'GET',
    path: '/api/v1/nodes',
    headers: { 'impersonate-user': 'nobody' },
  },
]
