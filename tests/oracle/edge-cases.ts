import { get, type OracleCase, protobuf, send } from './case.ts'

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

/** Where a client goes to the end of what is allowed, or a little beyond. */
export const edgeCases: readonly OracleCase[] = [
  get('future: watch', `${maps}?watch=1&${future}&timeoutSeconds=1`),
  get(
    'future: watch with initial events',
    `${maps}?watch=1&${future}&timeoutSeconds=9&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
  ),
  get('future: list exactly', `${maps}?${future}&resourceVersionMatch=Exact`),
  get('future: list not older', `${maps}?${future}&resourceVersionMatch=NotOlderThan`),
  get('future: a page', `${maps}?${future}&limit=1`),
  get('future: get', `${maps}/absent?${future}`),
  // Whether a stock server says so where it would wait for the newest revision is a race.
  get('no time: watch from any', `${maps}?watch=1&timeoutSeconds=-1&resourceVersion=0`),
  get('no time: watch from then', `${maps}?watch=1&timeoutSeconds=-1&resourceVersion=1`),
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
