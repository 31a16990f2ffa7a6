import { get, type OracleCase, patch, send, type Track } from './case.ts'
import { opening } from './general-cases.ts'

const core = '/api/v1/namespaces/oracle'
const ingresses = '/apis/networking.k8s.io/v1/namespaces/oracle/ingresses'
const classes = {
  priority: '/apis/scheduling.k8s.io/v1/priorityclasses',
  storage: '/apis/storage.k8s.io/v1/storageclasses',
  ingress: '/apis/networking.k8s.io/v1/ingressclasses',
  runtime: '/apis/node.k8s.io/v1/runtimeclasses',
}

const pod = (title: string, spec: object = {}, metadata: object = {}) =>
  send('POST', `classes: pod ${title}`, `${core}/pods?dryRun=All`, {
    metadata: { name: 'p', ...metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  })
const make = (title: string, path: string, body: object) => send('POST', `classes: make ${title}`, path, body)
const secretEnv = {
  env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }],
  envFrom: [{ secretRef: { name: 'y' } }],
}
const isDefault = (domain: string) => ({ annotations: { [`${domain}/is-default-class`]: 'true' } })
const tolerates = (key: string | undefined, more: object = {}) => ({
  tolerations: [{ ...(key && { key }), operator: 'Exists', ...more }],
})
const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }

const priorities: readonly OracleCase[] = [
  pod('of nothing'),
  pod(
    'that tolerates for a while',
    tolerates('node.kubernetes.io/not-ready', { effect: 'NoExecute', tolerationSeconds: 5 }),
  ),
  pod('that tolerates everything', tolerates(undefined)),
  pod('that tolerates by key', tolerates('node.kubernetes.io/unreachable')),
  pod('of no class', { priorityClassName: 'nope' }),
  pod('of a number', { priority: 5 }),
  pod('that is critical', { priorityClassName: 'system-cluster-critical' }),
  pod('that is critical by another number', { priorityClassName: 'system-cluster-critical', priority: 7 }),
  pod('that is critical and never preempts', {
    priorityClassName: 'system-cluster-critical',
    preemptionPolicy: 'Never',
  }),
  make('a class of the system', `${classes.priority}?dryRun=All`, {
    metadata: { name: 'system-mine' },
    value: 5,
  }),
  make('a class too high', `${classes.priority}?dryRun=All`, {
    metadata: { name: 'high' },
    value: 1_000_000_001,
  }),
  make('the default class', classes.priority, {
    metadata: { name: 'usual' },
    value: 7,
    globalDefault: true,
    preemptionPolicy: 'Never',
  }),
  {
    ...make('a second default class', `${classes.priority}?dryRun=All`, {
      metadata: { name: 'second' },
      value: 8,
      globalDefault: true,
    }),
    until: 403,
  },
  pod('of the default class'),
  { name: 'classes: remove the default class', method: 'DELETE', path: `${classes.priority}/usual` },
]

const accounts: readonly OracleCase[] = [
  pod('of no account', { serviceAccountName: 'nope' }),
  pod('without a token', { automountServiceAccountToken: false }),
  make('an account that is strict', `${core}/serviceaccounts`, {
    metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
    secrets: [{ name: 'ok' }],
    imagePullSecrets: [{ name: 'pull' }],
  }),
  { ...pod('of a strict account', { serviceAccountName: 'strict' }), until: 201 },
  ...['ok', 'x'].map(secretName =>
    pod(`with the secret ${secretName}`, {
      serviceAccountName: 'strict',
      volumes: [{ name: 's', secret: { secretName } }],
    }),
  ),
  pod('with secrets in its environment', {
    serviceAccountName: 'strict',
    containers: [{ name: 'c', image: 'i', ...secretEnv }],
  }),
  pod('that pulls with another secret', { serviceAccountName: 'strict', imagePullSecrets: [{ name: 'z' }] }),
  pod('that mirrors', {}, mirror),
  pod('that mirrors with an account', { serviceAccountName: 'default', nodeName: 'n' }, mirror),
  pod('of an account in the old field', { serviceAccount: 'strict' }),
  pod('of two accounts', { serviceAccount: 'default', serviceAccountName: 'strict' }),
]

const runtimes: readonly OracleCase[] = [
  make('a runtime', classes.runtime, {
    metadata: { name: 'kata' },
    handler: 'kata',
    overhead: { podFixed: { cpu: '100m' } },
    scheduling: { nodeSelector: { k: 'v' }, tolerations: [{ key: 't', operator: 'Exists' }] },
  }),
  { ...pod('of a runtime', { runtimeClassName: 'kata' }), until: 201 },
  pod('of a runtime on other nodes', { runtimeClassName: 'kata', nodeSelector: { k: 'w' } }),
  pod('of a runtime with another overhead', { runtimeClassName: 'kata', overhead: { cpu: '200m' } }),
  pod('of a runtime with its overhead', { runtimeClassName: 'kata', overhead: { cpu: '100m' } }),
  pod('of no runtime', { runtimeClassName: 'nope' }),
  pod('with an overhead of nothing', { overhead: { cpu: '1' } }),
]

const claims = `${core}/persistentvolumeclaims`
const claim = (title: string, name: string, spec: object = {}) =>
  make(`a claim ${title}`, name === 'tried' ? `${claims}?dryRun=All` : claims, {
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  })
const storageOf = (name: string, more: object = {}) =>
  make(`the storage class ${name}`, classes.storage, {
    metadata: { name, ...isDefault('storageclass.kubernetes.io') },
    provisioner: 'example.org/p',
    ...more,
  })
const sized = (title: string, name: string, spec: object) =>
  patch(`classes: ${title} ${name}`, `${claims}/${name}?dryRun=All`, 'merge', { spec })

const storage: readonly OracleCase[] = [
  claim('without any class', 'tried'),
  storageOf('rigid'),
  storageOf('elastic', { allowVolumeExpansion: true }),
  claim('of no class', 'tried', { storageClassName: '' }),
  claim('that cannot grow', 'rigid', { storageClassName: 'rigid' }),
  claim('that can grow', 'elastic', { storageClassName: 'elastic' }),
  sized('grow before it is bound:', 'rigid', { resources: { requests: { storage: '2Gi' } } }),
  ...['rigid', 'elastic'].flatMap(name => [
    patch(`classes: bind ${name}`, `${claims}/${name}`, 'merge', { spec: { volumeName: 'pv' } }),
    patch(`classes: ${name} is bound`, `${claims}/${name}/status`, 'merge', {
      status: { phase: 'Bound', capacity: { storage: '1Gi' } },
    }),
    sized('grow', name, { resources: { requests: { storage: '2Gi' } } }),
    sized('shrink', name, { resources: { requests: { storage: '500Mi' } } }),
    sized('other attributes of', name, { volumeAttributesClassName: 'gold' }),
  ]),
]

const backend = { defaultBackend: { service: { name: 's', port: { number: 1 } } } }
const ingress = (title: string, more: object = {}) =>
  make(`an ingress ${title}`, `${ingresses}?dryRun=All`, { metadata: { name: 'i', ...more }, spec: backend })
const ingressClass = (name: string) =>
  make(`the ingress class ${name}`, classes.ingress, {
    metadata: { name, ...isDefault('ingressclass.kubernetes.io') },
    spec: { controller: 'example.org/c' },
  })

const nodes: readonly OracleCase[] = [
  ingress('without any class'),
  ingressClass('one'),
  ingress('annotated with a class', { annotations: { 'kubernetes.io/ingress.class': 'x' } }),
  make('a node', '/api/v1/nodes', {
    metadata: {
      name: 'place',
      labels: { 'topology.kubernetes.io/zone': 'z1', 'topology.kubernetes.io/region': 'r1' },
    },
  }),
  make('a node that is tainted already', '/api/v1/nodes?dryRun=All', {
    metadata: { name: 'other' },
    spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] },
  }),
  make('a pod to bind', `${core}/pods`, {
    metadata: { name: 'bound' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  }),
  make('its binding', `${core}/pods/bound/binding`, {
    metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
    target: { kind: 'Node', name: 'place' },
  }),
  get('classes: the bound pod', `${core}/pods/bound`),
  pod('on the node', { nodeName: 'place' }),
  pod(
    'on the node, with a zone of its own',
    { nodeName: 'place' },
    { labels: { 'topology.kubernetes.io/zone': 'z' } },
  ),
  make(
    'a review in no namespace',
    '/apis/authorization.k8s.io/v1/namespaces/absent/localsubjectaccessreviews',
    {
      metadata: { namespace: 'absent' },
      spec: { user: 'x', resourceAttributes: { namespace: 'absent', verb: 'get', resource: 'pods' } },
    },
  ),
]

/** What admission fills in or refuses by classes, accounts and nodes; others would see the defaults, so alone. */
export function classTracks(): Track[] {
  return [
    { name: 'opening', cases: opening },
    { name: 'classes', cases: [...priorities, ...accounts, ...runtimes, ...storage, ...nodes] },
  ]
}
