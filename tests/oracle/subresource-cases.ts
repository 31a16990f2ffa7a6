import { get, type OracleCase, patch, protobuf, send } from './case.ts'

const core = '/api/v1/namespaces/oracle'
const pods = `${core}/pods`
const pod = `${pods}/sub`
const account = `${core}/serviceaccounts/sub`
const deployment = '/apis/apps/v1/namespaces/oracle/deployments/sub'
const labels = { sub: 'yes' }
const container = { name: 'main', image: 'busybox', resources: { requests: { cpu: '10m' } } }
const template = { metadata: { labels }, spec: { containers: [container] } }
const budgets = '/apis/policy/v1/namespaces/oracle/poddisruptionbudgets'
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

const post = (name: string, path: string, value: unknown) => send('POST', `subresource: ${name}`, path, value)
const put = (name: string, path: string, value: unknown) => send('PUT', `subresource: ${name}`, path, value)
const ask = (name: string, path: string, accept?: string) => get(`subresource: ${name}`, path, accept)
const merge = (name: string, path: string, value: unknown) =>
  patch(`subresource: ${name}`, path, 'merge', value)
const eviction = (name: string, more: object = {}) => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name, namespace: 'oracle' },
  ...more,
})
const binding = (name: string, target: object) => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name },
  target,
})
const scale = (replicas: unknown, more: object = {}) => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name: 'sub', namespace: 'oracle' },
  spec: { replicas },
  ...more,
})
const tokenRequest = (spec: object, more: object = {}) => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  spec,
  ...more,
})

const streams: readonly OracleCase[] = [
  ask('log of a pod on no node', `${pod}/log`),
  ask('log of an absent pod', `${pods}/absent/log`),
  ask('log of an absent container', `${pod}/log?container=absent`),
  ask('log of a negative tail', `${pod}/log?tailLines=-1`),
  ask('log of no bytes', `${pod}/log?limitBytes=0`),
  ask('log since no time', `${pod}/log?sinceSeconds=0`),
  ask('log since two times', `${pod}/log?sinceSeconds=5&sinceTime=2026-01-02T03:04:05Z`),
  ask('log since a bad time', `${pod}/log?sinceTime=yesterday`),
  ask('log of an unknown stream', `${pod}/log?stream=Stdwhat`),
  ask('log as YAML', `${pod}/log`, 'application/yaml'),
  ...['exec', 'attach', 'portforward', 'proxy'].flatMap(name => [
    ask(`${name} of a pod on no node`, `${pod}/${name}`),
    ask(`${name} of an absent pod`, `${pods}/absent/${name}`),
    { ...ask(`${name} by PATCH`, `${pod}/${name}`), method: 'PATCH' },
    { ...ask(`${name} by DELETE`, `${pod}/${name}`), method: 'DELETE' },
  ]),
  ask('exec without a command', `${pod}/exec?container=main&stdout=true`),
  ask('exec without a stream', `${pod}/exec?command=true`),
  ask('exec in an absent container', `${pod}/exec?command=true&container=absent&stdout=true`),
  ask('proxy of a service without endpoints', `${core}/services/absent/proxy/`),
  post('service of nobody', `${core}/services`, {
    metadata: { name: 'lone' },
    spec: { ports: [{ name: 'web', port: 80, targetPort: 8080 }] },
  }),
  ...[
    'lone',
    'lone:web',
    'lone:80',
    'lone:81',
    'lone:none',
    'https:lone:web',
    'ftp:lone:80',
    'http:lone:',
  ].map(name => ask(`proxy of ${name} without endpoints`, `${core}/services/${name}/proxy/`)),
  merge('address of a pod', `${pod}/status`, {
    status: { podIP: '192.0.2.77', podIPs: [{ ip: '192.0.2.77' }] },
  }),
  post('slice of a pod', '/apis/discovery.k8s.io/v1/namespaces/oracle/endpointslices', {
    metadata: { name: 'lone-a', labels: { 'kubernetes.io/service-name': 'lone' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.77'], targetRef: { kind: 'Pod', name: 'sub', namespace: 'oracle' } }],
    ports: [{ name: 'web', port: 8080 }],
  }),
  ...['lone:web', 'lone:80'].map(name =>
    ask(`proxy of ${name} with a slice alone`, `${core}/services/${name}/proxy/`),
  ),
  {
    name: 'subresource: remove',
    method: 'DELETE',
    path: '/apis/discovery.k8s.io/v1/namespaces/oracle/endpointslices/lone-a',
  },
  post('endpoints without a service', `${core}/endpoints`, {
    metadata: { name: 'stray' },
    subsets: [{ addresses: [{ ip: '192.0.2.78' }], ports: [{ name: 'web', port: 8080 }] }],
  }),
  ...['stray', 'stray:web', 'stray:80'].map(name =>
    ask(`proxy of ${name} without a service`, `${core}/services/${name}/proxy/`),
  ),
  { name: 'subresource: remove', method: 'DELETE', path: `${core}/endpoints/stray` },
  post('endpoints without addresses', `${core}/endpoints`, { metadata: { name: 'lone' } }),
  ...['lone', 'lone:web', 'lone:80', 'lone:81', 'lone:none'].map(name =>
    ask(`proxy of ${name} with empty endpoints`, `${core}/services/${name}/proxy/`),
  ),
  { name: 'subresource: remove', method: 'DELETE', path: `${core}/services/lone` },
  { name: 'subresource: remove', method: 'DELETE', path: `${core}/endpoints/lone` },
  ask('proxy of an absent node', '/api/v1/nodes/absent/proxy/'),
  ask('proxy of a port that is none', `${pods}/sub:x:y:z/proxy/`),
]

const placing: readonly OracleCase[] = [
  post('binding to nothing', `${pod}/binding`, binding('sub', {})),
  post('binding to another kind', `${pod}/binding`, binding('sub', { kind: 'Pod', name: 'x' })),
  post('binding of another name', `${pod}/binding`, binding('other', { kind: 'Node', name: 'x' })),
  post('binding of an absent pod', `${pods}/absent/binding`, binding('absent', { kind: 'Node', name: 'x' })),
  post('binding of another kind', `${pod}/binding`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sub' },
  }),
  post('dry-run binding', `${pod}/binding?dryRun=All`, binding('sub', { kind: 'Node', name: 'x' })),
  ask('binding by GET', `${pod}/binding`),
  post(
    'binding through the collection',
    `${core}/bindings?dryRun=All`,
    binding('sub', { kind: 'Node', name: 'x' }),
  ),
  post('binding', `${pod}/binding`, binding('sub', { kind: 'Node', name: 'nowhere' })),
  post('binding again', `${pod}/binding`, binding('sub', { kind: 'Node', name: 'nowhere' })),
  ask('log of a pod on an absent node', `${pod}/log`),
]

const debugging: readonly OracleCase[] = [
  ask('ephemeral containers', `${pod}/ephemeralcontainers`),
  patch('subresource: ephemeral container', `${pod}/ephemeralcontainers`, 'strategic', {
    spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] },
  }),
  patch('subresource: ephemeral container changed', `${pod}/ephemeralcontainers`, 'strategic', {
    spec: { ephemeralContainers: [{ name: 'debug', image: 'other' }] },
  }),
  patch('subresource: ephemeral container with ports', `${pod}/ephemeralcontainers`, 'strategic', {
    spec: {
      ephemeralContainers: [
        { name: 'ports', image: 'busybox', ports: [{ containerPort: 80 }], livenessProbe: {} },
      ],
    },
  }),
  patch('subresource: ephemeral container without a name', `${pod}/ephemeralcontainers`, 'merge', {
    spec: { ephemeralContainers: [{ image: 'busybox' }] },
  }),
  patch('subresource: ephemeral containers taken away', `${pod}/ephemeralcontainers`, 'merge', {
    spec: { ephemeralContainers: null },
  }),
  ask('resize', `${pod}/resize`),
  patch('subresource: resize', `${pod}/resize`, 'strategic', {
    spec: { containers: [{ name: 'main', resources: { requests: { cpu: '20m' } } }] },
  }),
  patch('subresource: resize of an image', `${pod}/resize`, 'strategic', {
    spec: { containers: [{ name: 'main', image: 'other' }] },
  }),
  patch('subresource: resize of a claim', `${pod}/resize`, 'strategic', {
    spec: { containers: [{ name: 'main', resources: { requests: { storage: '1Gi' } } }] },
  }),
  patch('subresource: resize to another class', `${pod}/resize`, 'merge', {
    spec: { containers: [{ ...container, resources: {} }] },
  }),
]

const evicting: readonly OracleCase[] = [
  post('eviction of an absent pod', `${pods}/absent/eviction`, eviction('absent')),
  post('eviction of another name', `${pod}/eviction`, eviction('other')),
  post('eviction of another kind', `${pod}/eviction`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sub' },
  }),
  post('eviction of an old version', `${pod}/eviction?dryRun=All`, {
    ...eviction('sub'),
    apiVersion: 'policy/v1beta1',
  }),
  post('dry-run eviction', `${pod}/eviction`, eviction('sub', { deleteOptions: { dryRun: ['All'] } })),
  post(
    'eviction with a wrong uid',
    `${pod}/eviction`,
    eviction('sub', { deleteOptions: { preconditions: { uid: 'x' } } }),
  ),
  post('budget', budgets, {
    metadata: { name: 'sub' },
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  }),
  merge('budget that was not looked at', `${pod}/status`, {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  }),
  post('eviction before the budget is counted', `${pod}/eviction`, eviction('sub')),
  merge('budget without room', `${budgets}/sub/status`, {
    status: {
      observedGeneration: 1,
      disruptionsAllowed: 0,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
    },
  }),
  post('eviction against the budget', `${pod}/eviction`, eviction('sub')),
  merge('budget with room', `${budgets}/sub/status`, {
    status: {
      observedGeneration: 1,
      disruptionsAllowed: 1,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
    },
  }),
  post('dry-run eviction within the budget', `${pod}/eviction?dryRun=All`, eviction('sub')),
  post('second budget', budgets, {
    metadata: { name: 'sub-two' },
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  }),
  post('eviction under two budgets', `${pod}/eviction`, eviction('sub')),
  { name: 'subresource: remove the second budget', method: 'DELETE', path: `${budgets}/sub-two` },
  post(
    'eviction within the budget',
    `${pod}/eviction`,
    eviction('sub', { deleteOptions: { gracePeriodSeconds: 0 } }),
  ),
  ask('the budget that was used', `${budgets}/sub`),
]

const tokens: readonly OracleCase[] = [
  post('make an account', `${core}/serviceaccounts`, { metadata: { name: 'sub' } }),
  post('token', `${account}/token`, tokenRequest({})),
  post(
    'token for others',
    `${account}/token`,
    tokenRequest({ audiences: ['a', 'b'], expirationSeconds: 900 }),
  ),
  post('token for a moment', `${account}/token`, tokenRequest({ expirationSeconds: 10 })),
  post('token for ever', `${account}/token`, tokenRequest({ expirationSeconds: 4294967297 })),
  post(
    'token of an absent pod',
    `${account}/token`,
    tokenRequest({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'absent' } }),
  ),
  post(
    'token of another kind of thing',
    `${account}/token`,
    tokenRequest({ boundObjectRef: { apiVersion: 'v1', kind: 'ConfigMap', name: 'x' } }),
  ),
  post('token under another name', `${account}/token`, tokenRequest({}, { metadata: { name: 'other' } })),
  post(
    'token in another namespace',
    `${account}/token`,
    tokenRequest({}, { metadata: { namespace: 'elsewhere' } }),
  ),
  post('token of an absent account', `${core}/serviceaccounts/absent/token`, tokenRequest({})),
  post('token of a wrong kind', `${account}/token`, { apiVersion: 'v1', kind: 'Pod' }),
  post('dry-run token', `${account}/token?dryRun=All`, tokenRequest({})),
  ask('token by GET', `${account}/token`),
]

const scaling: readonly OracleCase[] = [
  post('make a deployment', '/apis/apps/v1/namespaces/oracle/deployments', {
    metadata: { name: 'sub' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  }),
  ask('scale', `${deployment}/scale`),
  ask('scale as protobuf', `${deployment}/scale`, protobuf),
  ask('scale as YAML', `${deployment}/scale`, 'application/yaml'),
  ask('scale as a Table', `${deployment}/scale`, table),
  ask(
    'scale as metadata',
    `${deployment}/scale`,
    'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  ),
  put('scale', `${deployment}/scale`, scale(2)),
  put('scale to less than nothing', `${deployment}/scale`, scale(-1)),
  put('scale to a word', `${deployment}/scale`, scale('two')),
  put('scale of another kind', `${deployment}/scale`, scale(2, { kind: 'Deployment' })),
  put(
    'scale of a stale revision',
    `${deployment}/scale`,
    scale(2, { metadata: { name: 'sub', namespace: 'oracle', resourceVersion: '1' } }),
  ),
  put(
    'scale under another name',
    `${deployment}/scale`,
    scale(2, { metadata: { name: 'other', namespace: 'oracle' } }),
  ),
  put('scale with an unknown field', `${deployment}/scale?fieldValidation=Strict`, scale(2, { bogus: 1 })),
  merge('scale by a merge patch', `${deployment}/scale`, { spec: { replicas: 3 } }),
  patch('subresource: scale by a strategic patch', `${deployment}/scale`, 'strategic', {
    spec: { replicas: 4 },
  }),
  patch('subresource: scale by a JSON patch', `${deployment}/scale`, 'json', [
    { op: 'replace', path: '/spec/replicas', value: 5 },
  ]),
  patch('subresource: scale by apply', `${deployment}/scale?fieldManager=scaler`, 'apply', scale(5)),
  patch(
    'subresource: scale by apply against another',
    `${deployment}/scale?fieldManager=scaler`,
    'apply',
    scale(6),
  ),
  patch(
    'subresource: scale by forced apply',
    `${deployment}/scale?fieldManager=scaler&force=true`,
    'apply',
    scale(6),
  ),
  ask('what was scaled', deployment),
  { name: 'subresource: scale by DELETE', method: 'DELETE', path: `${deployment}/scale` },
]

const others: readonly OracleCase[] = [
  post('make a namespace', '/api/v1/namespaces', { metadata: { name: 'sub-space' } }),
  put('finalize', '/api/v1/namespaces/sub-space/finalize', {
    metadata: { name: 'sub-space' },
    spec: { finalizers: ['example.org/hold'] },
  }),
  put('finalize with a bad finalizer', '/api/v1/namespaces/sub-space/finalize', {
    metadata: { name: 'sub-space' },
    spec: { finalizers: ['Bad One'] },
  }),
  put('finalize under another name', '/api/v1/namespaces/sub-space/finalize', {
    metadata: { name: 'other' },
  }),
  merge('status of a namespace', '/api/v1/namespaces/sub-space/status', { status: { phase: 'Terminating' } }),
  { name: 'subresource: delete the namespace', method: 'DELETE', path: '/api/v1/namespaces/sub-space' },
  post('create in a namespace that ends', '/api/v1/namespaces/sub-space/configmaps', {
    metadata: { name: 'x' },
  }),
  put('finalize at last', '/api/v1/namespaces/sub-space/finalize', {
    metadata: { name: 'sub-space' },
    spec: { finalizers: [] },
  }),
  ask('the namespace that was finalized', '/api/v1/namespaces/sub-space'),
  ask('component statuses', '/api/v1/componentstatuses/absent'),
]

/** What lies below an object beside its status: streams, bindings, evictions, tokens, scales. */
export const subresourceCases: readonly OracleCase[] = [
  post('make a pod', pods, { metadata: { name: 'sub', labels }, spec: { containers: [container] } }),
  ...streams,
  ...placing,
  ...debugging,
  ...evicting,
  ...tokens,
  ...scaling,
  ...others,
]
