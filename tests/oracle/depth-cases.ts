import { get, json, jsonHeaders, type OracleCase, send } from './case.ts'

const maps = '/api/v1/namespaces/oracle/configmaps'
const walked = '?labelSelector=walk%3Dyes&limit=2'

const groups = [
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]

const post = (name: string, path: string, value: unknown) => send('POST', name, path, value)
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** What a client asks first, and what pages, watches, preconditions and reviews do. */
export const depthCases: readonly OracleCase[] = [
  get('discovery of all groups', '/apis'),
  get('discovery of the core version', '/api/v1'),
  get('aggregated discovery of the core group', '/api', aggregated),
  get('aggregated discovery of all groups', '/apis', aggregated),
  ...groups.map(group => get(`discovery of ${group}`, `/apis/${group}`)),
  ...groups.map(group => get(`discovery of ${group}/v1`, `/apis/${group}/v1`)),
  get('discovery of autoscaling/v2', '/apis/autoscaling/v2'),
  get('discovery of an absent version', '/apis/apps/v9'),
  get('healthz', '/healthz'),
  get('livez', '/livez'),
  get('readyz', '/readyz'),
  ...['a', 'b', 'c', 'd', 'e'].map(letter =>
    post(`walk: make ${letter}`, maps, { metadata: { name: `walk-${letter}`, labels: { walk: 'yes' } } }),
  ),
  {
    ...get('walk: first page', maps + walked),
    keep: { token: 'metadata.continue', start: 'metadata.resourceVersion' },
  },
  { name: 'walk: remove one that is still to come', method: 'DELETE', path: `${maps}/walk-e` },
  { ...get('walk: second page', `${maps}${walked}&continue={{token}}`), keep: { next: 'metadata.continue' } },
  get('walk: last page', `${maps}${walked}&continue={{next}}`),
  get('walk: continue with a revision', `${maps}${walked}&continue={{token}}&resourceVersion=5`),
  get(
    'walk: exact revision',
    `${maps}?labelSelector=walk%3Dyes&resourceVersion={{start}}&resourceVersionMatch=Exact`,
  ),
  get('walk: exact page of an old client', `${maps}${walked}&resourceVersion={{start}}`),
  get(
    'walk: not older',
    `${maps}?labelSelector=walk%3Dyes&resourceVersion={{start}}&resourceVersionMatch=NotOlderThan`,
  ),
  get('walk: bad match', `${maps}?resourceVersion=1&resourceVersionMatch=Sometimes`),
  get('walk: exact zero', `${maps}?resourceVersion=0&resourceVersionMatch=Exact`),
  get('walk: get with a bad revision', `${maps}/walk-a?resourceVersion=x`),
  {
    ...get(
      'walk: watch from a revision',
      `${maps}?watch=1&timeoutSeconds=5&labelSelector=walk%3Dyes&resourceVersion={{start}}`,
    ),
    events: 1,
  },
  {
    ...get(
      'walk: watch of one name',
      `${maps}?watch=1&timeoutSeconds=5&fieldSelector=metadata.name%3Dwalk-a`,
    ),
    events: 1,
  },
  {
    ...get('walk: old watch path', '/api/v1/watch/namespaces/oracle/configmaps/walk-a?timeoutSeconds=5'),
    events: 1,
  },
  {
    ...get(
      'walk: Table watch',
      `${maps}?watch=1&timeoutSeconds=5&fieldSelector=metadata.name%3Dwalk-a`,
      'application/json;as=Table;v=v1;g=meta.k8s.io',
    ),
    events: 1,
  },
  get('walk: watch that ends', `${maps}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dnone`),
  get('walk: initial events without a match', `${maps}?watch=1&sendInitialEvents=true`),
  get('walk: initial events of a list', `${maps}?sendInitialEvents=true`),
  { ...get('uid of one', `${maps}/walk-a`), keep: { uid: 'metadata.uid', rv: 'metadata.resourceVersion' } },
  {
    name: 'delete with a wrong revision',
    method: 'DELETE',
    path: `${maps}/walk-a`,
    headers: jsonHeaders,
    body: json({ preconditions: { uid: '{{uid}}', resourceVersion: '1' } }),
  },
  {
    name: 'delete with both policies',
    method: 'DELETE',
    path: `${maps}/walk-a`,
    headers: jsonHeaders,
    body: json({ orphanDependents: true, propagationPolicy: 'Background' }),
  },
  { name: 'delete with a bad policy', method: 'DELETE', path: `${maps}/walk-a?propagationPolicy=Sideways` },
  { name: 'foreground delete', method: 'DELETE', path: `${maps}/walk-b?propagationPolicy=Foreground` },
  {
    name: 'orphaning delete',
    method: 'DELETE',
    path: `${maps}/walk-c`,
    headers: jsonHeaders,
    body: json({ propagationPolicy: 'Orphan' }),
  },
  {
    name: 'delete with preconditions that hold',
    method: 'DELETE',
    path: `${maps}/walk-a`,
    headers: jsonHeaders,
    body: json({ preconditions: { uid: '{{uid}}', resourceVersion: '{{rv}}' } }),
  },
  {
    name: 'delete with broken options',
    method: 'DELETE',
    path: `${maps}/walk-d`,
    headers: jsonHeaders,
    body: '{',
  },
  { name: 'delete all that walked', method: 'DELETE', path: `${maps}?labelSelector=walk%3Dyes` },
  { name: 'DELETE across namespaces', method: 'DELETE', path: '/api/v1/configmaps' },
  {
    name: 'POST across namespaces',
    method: 'POST',
    path: '/api/v1/configmaps',
    headers: jsonHeaders,
    body: '{}',
  },
  get('get across namespaces', '/api/v1/configmaps/x'),
  get('a cluster kind below a namespace', '/api/v1/namespaces/oracle/nodes'),
  get(
    'ReplicaSets by a field that they do not offer',
    '/apis/apps/v1/namespaces/oracle/replicasets?fieldSelector=status.replicas%3D1',
  ),
  get('selector with a bad operator', `${maps}?labelSelector=a%20in%20b`),
  get('field selector without an operator', `${maps}?fieldSelector=x`),
  post('immutable: make', maps, { metadata: { name: 'fixed' }, immutable: true, data: { a: 'b' } }),
  {
    name: 'immutable: change',
    method: 'PATCH',
    path: `${maps}/fixed`,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: json({ data: { a: 'c' } }),
  },
  {
    name: 'immutable: thaw',
    method: 'PATCH',
    path: `${maps}/fixed`,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: json({ immutable: false }),
  },
  post('a body that is an array', maps, []),
  { name: 'a kind that is a number', method: 'POST', path: maps, headers: jsonHeaders, body: '{"kind":5}' },
  post('another registered kind', maps, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } }),
  post('another version', maps, { apiVersion: 'v9', kind: 'ConfigMap', metadata: { name: 'x' } }),
  post('another group', maps, { apiVersion: 'apps/v1', kind: 'ConfigMap', metadata: { name: 'x' } }),
  {
    name: 'broken YAML',
    method: 'POST',
    path: maps,
    headers: { 'content-type': 'application/yaml' },
    body: 'a: [',
  },
  post('namespace review', '/apis/authorization.k8s.io/v1/namespaces/oracle/localsubjectaccessreviews', {
    metadata: { namespace: 'oracle' },
    spec: { user: 'nobody', resourceAttributes: { namespace: 'oracle', verb: 'get', resource: 'pods' } },
  }),
  post('review of nobody', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: { user: 'nobody', resourceAttributes: { verb: 'get', resource: 'pods' } },
  }),
  post('review without a user', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  }),
  post('review of a path', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    spec: { nonResourceAttributes: { verb: 'get', path: '/healthz' } },
  }),
  post('review of nothing', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: {} }),
  post('who am I', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}),
  post('review of a bad token', '/apis/authentication.k8s.io/v1/tokenreviews', {
    spec: { token: 'nonsense' },
  }),
  get('list of reviews', '/apis/authorization.k8s.io/v1/subjectaccessreviews'),
]
