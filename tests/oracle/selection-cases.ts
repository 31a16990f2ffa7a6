import { get, type OracleCase, send } from './case.ts'
import { samples } from './samples.ts'
import { eventSelectors, labelSelectors, podSelectors } from './selector-words.ts'

/** Fields that some kind can be chosen by, and some that none can. */
const fields = [
  ...[
    'metadata.name',
    'metadata.namespace',
    'metadata.uid',
    'metadata.labels',
    'spec.nodeName',
    'spec.restartPolicy',
  ],
  ...[
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'spec.clusterIP',
    'spec.type',
    'spec.signerName',
  ],
  ...[
    'spec.unschedulable',
    'spec.driver',
    'spec.podName',
    'spec.podUID',
    'spec.host',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.hostIP',
  ],
  ...[
    'status.nominatedNodeName',
    'status.replicas',
    'status.successful',
    'status.failed',
    'type',
    'reason',
    'source',
    'name',
  ],
  ...[
    'reportingComponent',
    'reportingController',
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
  ],
  ...[
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
  ],
  ...[
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'metadata',
    '',
    'Metadata.name',
    'spec',
  ],
]
const aside = (one: OracleCase): OracleCase => ({ ...one, isAside: true })
const encoded = encodeURIComponent
const clusterWide = (collection: string) => collection.replace('/namespaces/oracle', '')

/** Each kind by each field: which it offers, and how it refuses the others. */
const offered = samples.flatMap(({ kind, collection }) => [
  ...fields.flatMap(field =>
    ['=x', '!=x'].map(rest =>
      aside(
        get(
          `choose: ${kind} by ${field}${rest}`,
          `${collection}?labelSelector=none&fieldSelector=${encoded(field + rest)}`,
        ),
      ),
    ),
  ),
  ...[
    'metadata.name=x',
    'metadata.namespace=oracle',
    'metadata.namespace!=oracle',
    'metadata.name=x,metadata.namespace=oracle',
  ].map(selector =>
    aside(
      get(
        `choose: all ${kind} by ${selector}`,
        `${clusterWide(collection)}?labelSelector=none&fieldSelector=${encoded(selector)}`,
      ),
    ),
  ),
  ...['spec.bogus=1', 'metadata.name=x'].flatMap(selector => [
    {
      isAside: true,
      name: `choose: remove ${kind} by ${selector}`,
      method: 'DELETE',
      path: `${collection}?labelSelector=none&fieldSelector=${encoded(selector)}`,
    },
    aside(
      get(
        `choose: watch ${kind} by ${selector}`,
        `${collection}?watch=1&timeoutSeconds=1&resourceVersion=0&labelSelector=none&fieldSelector=${encoded(selector)}`,
      ),
    ),
  ]),
])

const core = '/api/v1/namespaces/chosen'
const pod = (name: string, spec: object) => ({
  metadata: { name, labels: { tier: name, chosen: 'yes' } },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})
const event = (name: string, more: object) => ({
  metadata: { name },
  involvedObject: {
    kind: 'Pod',
    namespace: 'chosen',
    name: 'p',
    uid: 'u',
    apiVersion: 'v1',
    resourceVersion: '7',
    fieldPath: 'spec',
  },
  reason: 'Because',
  message: 'm',
  type: 'Normal',
  ...more,
})
const merge = (path: string, body: object): OracleCase => ({
  name: `choose: status of ${path}`,
  method: 'PATCH',
  path,
  headers: { 'content-type': 'application/merge-patch+json' },
  body: JSON.stringify(body),
})

const make: OracleCase[] = [
  send('POST', 'choose: make', '/api/v1/namespaces', {
    metadata: { name: 'chosen', labels: { chosen: 'yes' } },
  }),
  send('POST', 'choose: account', `${core}/serviceaccounts`, { metadata: { name: 'default' } }),
  ...[
    pod('one', { nodeName: 'n1', hostNetwork: true, restartPolicy: 'Never' }),
    pod('two', { schedulerName: 'other', restartPolicy: 'OnFailure' }),
    pod('three', {}),
  ].map(body => send('POST', `choose: pod ${body.metadata.name}`, `${core}/pods`, body)),
  merge(`${core}/pods/one/status`, {
    status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
  }),
  merge(`${core}/pods/two/status`, { status: { nominatedNodeName: 'n2', phase: 'Failed' } }),
  ...[
    event('e1', {}),
    event('e2', { type: 'Warning', reason: 'Other', source: { component: 'kubelet', host: 'h' } }),
    event('e3', { reportingComponent: 'example.org/c', reportingInstance: 'i', source: { component: 's' } }),
  ].map(body => send('POST', `choose: event ${body.metadata.name}`, `${core}/events`, body)),
  ...['Opaque', 'example.org/t', 'kubernetes.io/basic-auth'].map((type, at) =>
    send('POST', `choose: secret ${at}`, `${core}/secrets`, {
      metadata: { name: `s${at}` },
      type,
      stringData: { username: 'u', password: 'p' },
    }),
  ),
  send('POST', 'choose: service', `${core}/services`, {
    metadata: { name: 'headless' },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  }),
  send('POST', 'choose: named service', `${core}/services`, {
    metadata: { name: 'named' },
    spec: { type: 'ExternalName', externalName: 'example.org' },
  }),
]

const kinds = {
  pods: podSelectors,
  events: eventSelectors,
  secrets: ['type=Opaque', 'type!=Opaque', 'type=', 'type=opaque', 'metadata.name=s0,type=Opaque', 'data=x'],
}
const services = [
  'spec.clusterIP=None',
  'spec.clusterIP!=None',
  'spec.clusterIP=',
  'spec.type=ExternalName',
  'spec.type=ClusterIP',
  'spec.type=',
]

const chosen = [
  ...Object.entries({ ...kinds, services }).flatMap(([plural, selectors]) =>
    selectors.flatMap(selector => [
      get(`choose: ${plural} where ${selector}`, `${core}/${plural}?fieldSelector=${encoded(selector)}`),
      get(
        `choose: metadata of ${plural} where ${selector}`,
        `${core}/${plural}?limit=1&fieldSelector=${encoded(selector)}`,
        'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      ),
    ]),
  ),
  ...eventSelectors.map(selector =>
    get(
      `choose: new events where ${selector}`,
      `/apis/events.k8s.io/v1/namespaces/chosen/events?fieldSelector=${encoded(selector)}`,
    ),
  ),
  ...labelSelectors.flatMap(selector => [
    aside(get(`choose: pods with ${selector}`, `${core}/pods?labelSelector=${encoded(selector)}`)),
    aside(
      get(
        `choose: pods of n1 with ${selector}`,
        `${core}/pods?fieldSelector=spec.nodeName%3Dn1&labelSelector=${encoded(selector)}`,
      ),
    ),
    aside(
      get(
        `choose: watch pods with ${selector}`,
        `${core}/pods?watch=1&timeoutSeconds=1&resourceVersion=0&fieldSelector=metadata.name%3Dabsent&labelSelector=${encoded(selector)}`,
      ),
    ),
    {
      isAside: true,
      name: `choose: remove pods with ${selector}`,
      method: 'DELETE',
      path: `${core}/pods?dryRun=All&labelSelector=${encoded(selector)}`,
    },
  ]),
  ...[
    'status.phase=Active',
    'status.phase=',
    'metadata.name=chosen',
    'metadata.name=chosen,status.phase=Terminating',
  ].map(selector =>
    get(
      `choose: namespaces where ${selector}`,
      `/api/v1/namespaces?labelSelector=chosen&fieldSelector=${encoded(selector)}`,
    ),
  ),
]

/** Who is chosen by which labels and fields, and which words are no selector. */
export const selectionCases: readonly OracleCase[] = [
  ...offered,
  ...make,
  ...chosen,
  ...['pods?gracePeriodSeconds=0', 'events', 'secrets'].map(
    (rest): OracleCase => ({ name: `choose: remove ${rest}`, method: 'DELETE', path: `${core}/${rest}` }),
  ),
]
