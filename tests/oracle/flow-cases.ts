import { get, json, jsonHeaders, type OracleCase, patch, protobuf, send } from './case.ts'

const group = '/apis/flowcontrol.apiserver.k8s.io/v1'
const levels = `${group}/prioritylevelconfigurations`
const schemas = `${group}/flowschemas`
const maps = '/api/v1/namespaces/oracle/configmaps'
const name = 'oracle-shut'

/** A level without a single seat, which borrows none. */
const shut = {
  metadata: { name },
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: 0,
      borrowingLimitPercent: 0,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit: 1 } },
    },
  },
}

const schema = (subjects: readonly object[], rule: object) => ({
  metadata: { name },
  spec: {
    priorityLevelConfiguration: { name },
    matchingPrecedence: 50,
    distinguisherMethod: { type: 'ByUser' },
    rules: [{ subjects, ...rule }],
  },
})
const everything = {
  resourceRules: [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
  ],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}
const user = (of: string) => ({ kind: 'User', user: { name: of } })

const as = (one: OracleCase, who = 'shut', more: Readonly<Record<string, string>> = {}): OracleCase => ({
  ...one,
  name: `flow: ${one.name}`,
  headers: { ...one.headers, 'impersonate-user': who, ...more },
})
const settled = (title: string, status: number): OracleCase => ({
  ...as(get(title, `${maps}/none`)),
  until: status,
})

/** Each waits for fifteen seconds, a fourth of the time that it has. */
const refused: readonly OracleCase[] = [
  get('list in protobuf', maps, protobuf),
  send('POST', 'create', maps, { metadata: { name: 'x' } }),
  get('discovery', '/apis'),
]

/** Where there is no queue, one is let in while nobody else is. */
const alone: readonly OracleCase[] = [
  get('list', maps),
  send('POST', 'create alone', maps, { metadata: { name: 'x' } }),
  patch('patch', `${maps}/none`, 'merge', {}),
  { name: 'head', method: 'HEAD', path: maps },
  get('a page that is no resource', '/version'),
  get('a path that is none', '/nonsense'),
  {
    name: 'a review',
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    headers: jsonHeaders,
    body: json({}),
  },
]

/** Requests of one whom a level of priority lets through, lets wait in vain, or refuses (429). */
export const flowCases: readonly OracleCase[] = [
  send('POST', 'flow: a level without seats', levels, shut),
  send('POST', 'flow: its schema', schemas, schema([user('shut')], everything)),
  settled('wait until nothing gets through', 429),
  ...refused.map(one => as(one)),
  as(get('wait a fourth of the time', `${maps}?timeout=2s`)),
  as(get('another user', `${maps}/none`), 'open'),
  as(get('the same user as an administrator', `${maps}/none`), 'shut', {
    'impersonate-group': 'system:masters',
  }),
  patch('flow: no queue', `${levels}/${name}`, 'merge', {
    spec: { limited: { limitResponse: { type: 'Reject', queuing: null } } },
  }),
  settled('wait until one gets through', 403),
  ...alone.map(one => as(one)),
  patch('flow: seats', `${levels}/${name}`, 'merge', { spec: { limited: { nominalConcurrencyShares: 5 } } }),
  as(get('list with seats', maps)),
  patch('flow: for pods alone', `${schemas}/${name}`, 'merge', {
    spec: {
      rules: [
        {
          subjects: [user('*')],
          resourceRules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], namespaces: ['oracle'] }],
        },
      ],
    },
  }),
  ...['Odd', 'Exempt'].map(type =>
    patch(`flow: a level that is ${type}`, `${levels}/${name}?dryRun=All`, 'merge', { spec: { type } }),
  ),
  ...[
    { queues: 0, handSize: 1 },
    { queues: 5, handSize: 9, queueLengthLimit: 1 },
    { queues: 999_999_999, handSize: 20, queueLengthLimit: 0 },
  ].map(queuing =>
    patch(`flow: queues ${json(queuing)}`, `${levels}/${name}?dryRun=All`, 'merge', {
      spec: { limited: { limitResponse: { type: 'Queue', queuing } } },
    }),
  ),
  { name: 'flow: remove the schema', method: 'DELETE', path: `${schemas}/${name}` },
  { name: 'flow: remove the level', method: 'DELETE', path: `${levels}/${name}` },
  ...['exempt', 'catch-all', 'global-default'].flatMap(of => [
    patch(`flow: shares of ${of}`, `${levels}/${of}?dryRun=All`, 'merge', {
      spec: { [of === 'exempt' ? 'exempt' : 'limited']: { nominalConcurrencyShares: 3 } },
    }),
    patch(`flow: the kind of ${of}`, `${levels}/${of}?dryRun=All`, 'merge', {
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 3, limitResponse: { type: 'Reject' } } },
    }),
  ]),
]
