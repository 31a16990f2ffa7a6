import { get, jsonHeaders, type OracleCase, protobuf, send } from './case.ts'

const maps = '/api/v1/namespaces/oracle/configmaps'
const future = 'resourceVersion=999999999'
const v1 = '/apis/autoscaling/v1/namespaces/oracle/horizontalpodautoscalers'
const v2 = '/apis/autoscaling/v2/namespaces/oracle/horizontalpodautoscalers'
const partial = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

/** A protobuf body that begins as one and then says something that no object is. */
const bytes = (name: string, ...body: number[]): OracleCase => ({
  name: `protobuf: ${name}`,
  method: 'POST',
  path: `${maps}?dryRun=All`,
  headers: { 'content-type': protobuf },
  body: Uint8Array.of(0x6b, 0x38, 0x73, 0, ...body),
})

/** As it is laid out: the members of a Status come in the same order from both. */
const layout = (
  name: string,
  path: string,
  accept = 'application/json',
  agent = 'oracle/1.0',
): OracleCase => ({
  ...get(`layout: ${name}`, path, accept),
  headers: { accept, 'user-agent': agent },
  isLayout: true,
})

const autoscaler = {
  metadata: { name: 'edge' },
  spec: {
    maxReplicas: 2,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
    behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } },
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 5 } },
      },
    ],
  },
}

const gatedSpec = {
  workloadRef: { name: 'w', podGroup: 'g' },
  volumes: [
    {
      name: 'v',
      projected: {
        sources: [
          { clusterTrustBundle: { name: 'b', path: 'p' } },
          { podCertificate: { signerName: 'example.org/s', keyType: 'ED25519', credentialBundlePath: 'c' } },
          { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    },
  ],
  containers: [{ name: 'c', image: 'i', lifecycle: { stopSignal: 'SIGUSR1' } }],
  os: { name: 'linux' },
}
const labels = { app: 'gated' }
const template = { metadata: { labels }, spec: gatedSpec }
const jobTemplate = { spec: { ...gatedSpec, restartPolicy: 'Never' } }
const workload = { selector: { matchLabels: labels }, template }
const [apps, batch, core] = ['/apis/apps/v1', '/apis/batch/v1', '/api/v1'].map(
  prefix => `${prefix}/namespaces/oracle`,
)
const gated: Readonly<Record<string, object>> = {
  [`${apps}/deployments`]: { spec: workload },
  [`${apps}/replicasets`]: { spec: workload },
  [`${apps}/daemonsets`]: { spec: workload },
  [`${apps}/statefulsets`]: { spec: { ...workload, serviceName: 's' } },
  [`${core}/replicationcontrollers`]: { spec: { selector: labels, template } },
  [`${core}/podtemplates`]: { template },
  [`${core}/pods`]: { spec: gatedSpec },
  [`${batch}/jobs`]: { spec: { template: jobTemplate } },
  [`${batch}/cronjobs`]: { spec: { schedule: '@daily', jobTemplate: { spec: { template: jobTemplate } } } },
}

const dotted = Object.entries(gated).map(([path, object]) =>
  send('POST', `a name with a dot: ${path.slice(path.lastIndexOf('/') + 1)}`, `${path}?dryRun=All`, {
    metadata: { name: 'dotted.name', labels },
    ...object,
  }),
)

/** Fields of gates that are off are dropped, from pods and from what makes them. */
const dropped = Object.entries(gated).map(([path, object]) =>
  send('POST', `gated fields: ${path.slice(path.lastIndexOf('/') + 1)}`, `${path}?dryRun=All`, {
    metadata: { name: 'gated', labels },
    ...object,
  }),
)

const items = ['a', 'a/', 'a/b', 'ab', 'b'].map(path => ({ key: 'k', path }))
const file = (path: string) => ({ path, fieldRef: { fieldPath: 'metadata.labels' } })
const token = { path: 'a/token' }
const overlapping = [
  { name: 'map', configMap: { name: 'm', items } },
  { name: 'secret', secret: { secretName: 's', items } },
  { name: 'downward', downwardAPI: { items: [file('x'), file('x/y')] } },
  {
    name: 'projected',
    projected: {
      sources: [
        { configMap: { name: 'm', items } },
        { secret: { name: 's', items } },
        { serviceAccountToken: token },
      ],
    },
  },
]

/** A review comes back with its members where Go prints them, however they were sent. */
const reviewed = Object.entries({
  'authorization.k8s.io/v1/selfsubjectaccessreviews': {
    spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'oracle' } },
    kind: 'SelfSubjectAccessReview',
  },
  'authorization.k8s.io/v1/subjectaccessreviews': {
    spec: {
      groups: ['g'],
      extra: { b: ['2'], a: ['1'] },
      user: 'nobody',
      resourceAttributes: { verb: 'get', resource: 'pods', group: '' },
    },
  },
  'authentication.k8s.io/v1/tokenreviews': { spec: { audiences: ['a'], token: 'nonsense' } },
}).map(
  ([path, review]): OracleCase => ({
    ...send('POST', `layout: ${path}`, `/apis/${path}`, review),
    headers: { ...jsonHeaders, 'user-agent': 'oracle/1.0' },
    isLayout: true,
  }),
)

/** Where a client goes to the end of what is allowed, or a little beyond. */
export const edgeCases: readonly OracleCase[] = [
  ...reviewed,
  ...dropped,
  ...dotted,
  ...overlapping.map(volume =>
    send('POST', `overlapping paths: ${volume.name}`, `${core}/pods?dryRun=All`, {
      metadata: { name: 'overlapping' },
      spec: { containers: [{ name: 'c', image: 'i' }], volumes: [volume] },
    }),
  ),
  get('future: watch', `${maps}?watch=1&${future}&timeoutSeconds=1`),
  get(
    'future: watch with initial events',
    `${maps}?watch=1&${future}&timeoutSeconds=9&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
  ),
  get('future: list exactly', `${maps}?${future}&resourceVersionMatch=Exact`),
  get('future: list not older', `${maps}?${future}&resourceVersionMatch=NotOlderThan`),
  get('future: a page', `${maps}?${future}&limit=1`),
  get('future: get', `${maps}/absent?${future}`),
  bytes('no field', 0x01),
  bytes('the end of a group', 0x0c),
  bytes('an unknown wire type', 0x4e),
  bytes('an object with no field', 0x12, 1, 0x01),
  bytes('an object with the end of a group', 0x12, 1, 0x0c),
  bytes('a field of another type', 0x12, 2, 0x10, 1),
  bytes('a length beyond the end', 0x12, 9, 0x0a),
  layout('absent', `${maps}/absent`),
  layout('absent, pretty', `${maps}/absent?pretty=true`),
  layout('absent, pretty or not', `${maps}/absent?pretty=maybe`),
  layout('absent, for people', `${maps}/absent`, 'application/json', 'curl/8'),
  layout('absent, for people who say no', `${maps}/absent?pretty=0`, 'application/json', 'curl/8'),
  layout('absent, as a table', `${maps}/absent`, table),
  layout('an unknown form', `${maps}`, 'application/json;as=Nonsense;v=v1;g=meta.k8s.io'),
  layout('an unknown content of rows', `${maps}?includeObject=Everything`, table),
  send('POST', 'carried: make', v2, autoscaler),
  get('carried: as v1', `${v1}/edge`),
  get('carried: metadata as v1', `${v1}/edge`, partial),
  get('carried: table as v1', `${v1}/edge`, table),
  { name: 'carried: remove', method: 'DELETE', path: `${v1}/edge` },
]
