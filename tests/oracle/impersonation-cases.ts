import { json, jsonHeaders, type OracleCase, send, type Track } from './case.ts'
import { opening } from './general-cases.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const core = '/api/v1/namespaces/oracle'
const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const bearer = { 'x-oracle-anonymous': '1', authorization: 'Bearer {{token}}' }

type Headers = Readonly<Record<string, string>>
const as = (user: string, more: Headers = {}): Headers => ({ 'impersonate-user': user, ...more })

/** Whom somebody wants to be, by what is odd about it. */
const targets: Readonly<Record<string, Headers>> = {
  'a user': as('jane'),
  'a user with all that there is': as('jane', {
    'impersonate-group': 'a',
    'impersonate-uid': '7',
    'impersonate-extra-foo%2fbar': 'x',
    'impersonate-extra-foo': 'y',
  }),
  'a group alone': { 'impersonate-group': 'a' },
  'a uid alone': { 'impersonate-uid': 'a' },
  'an extra alone': { 'impersonate-extra-foo': 'a' },
  'a service account': as('system:serviceaccount:oracle:default'),
  'half a service account': as('system:serviceaccount:oracle'),
  nobody: as('system:anonymous'),
  'nobody in a group': as('system:anonymous', { 'impersonate-group': 'g' }),
  'a node': as('system:node:n1'),
  'a node in its group': as('system:node:n1', { 'impersonate-group': 'system:nodes' }),
  'a user of the authenticated': as('jane', { 'impersonate-group': 'system:authenticated' }),
  'a user of the unauthenticated': as('jane', { 'impersonate-group': 'system:unauthenticated' }),
  'a user without a name': as(''),
}

const whoami = (title: string, headers: Headers): OracleCase => ({
  name: `impersonation: ${title}`,
  method: 'POST',
  path: review,
  headers: { ...jsonHeaders, ...headers },
  body: json({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
})
const asRobot = (title: string, headers: Headers) =>
  whoami(`by an account: ${title}`, { ...bearer, ...headers })
const read = (title: string, path: string, headers: Headers): OracleCase => ({
  name: `impersonation: ${title}`,
  method: 'GET',
  path,
  headers: { ...bearer, ...headers },
})

const make = (name: string, path: string, body: object) =>
  send('POST', `impersonation: make ${name}`, path, body)
const role = (name: string, rules: readonly object[]) =>
  make(name, `${rbac}/clusterroles`, { metadata: { name }, rules })
const bind = (name: string, subject: object, to = name) =>
  make(`the binding ${name}`, `${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: to },
    subjects: [subject],
  })

const robot = { kind: 'ServiceAccount', name: 'robot', namespace: 'oracle' }
const authentication = ['authentication.k8s.io']
const constrained = [
  {
    apiGroups: authentication,
    resources: ['users'],
    verbs: ['impersonate:user-info'],
    resourceNames: ['bob'],
  },
  { apiGroups: authentication, resources: ['serviceaccounts'], verbs: ['impersonate:serviceaccount'] },
  { apiGroups: authentication, resources: ['nodes'], verbs: ['impersonate:arbitrary-node'] },
  {
    apiGroups: [''],
    resources: ['configmaps'],
    verbs: ['impersonate-on:user-info:list', 'impersonate-on:serviceaccount:list'],
  },
  { apiGroups: [''], resources: ['nodes'], verbs: ['impersonate-on:arbitrary-node:list'] },
]

/** Being somebody else: by an administrator, and by who may be one user. */
export const impersonationCases: readonly OracleCase[] = [
  ...Object.entries(targets).map(([title, headers]) => whoami(title, headers)),
  make('the account', `${core}/serviceaccounts`, { metadata: { name: 'robot' } }),
  {
    ...make('a token', `${core}/serviceaccounts/robot/token`, { spec: {} }),
    keep: { token: 'status.token' },
  },
  asRobot('nobody else', {}),
  asRobot('a user, without the right', as('jane')),
  role('oracle-impersonator', [
    { apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['jane'] },
  ]),
  bind('oracle-impersonator', robot),
  { ...asRobot('wait for the right', as('jane')), until: 201 },
  ...Object.entries(targets).map(([title, headers]) => asRobot(title, headers)),
  asRobot('another user', as('joe')),
  asRobot('a user in a group', as('jane', { 'impersonate-group': 'g' })),
  asRobot('a user with a uid', as('jane', { 'impersonate-uid': '7' })),
  asRobot('a user with an extra', as('jane', { 'impersonate-extra-scopes': '7' })),
]

const nodes = '/api/v1/nodes?fieldSelector=metadata.name%3Dx'
const maps = `${core}/configmaps?fieldSelector=metadata.name%3Dx`

/** Being somebody else for some requests alone (KEP-5284). */
const constrainedCases: readonly OracleCase[] = [
  role('oracle-looker', [{ apiGroups: [''], resources: ['configmaps', 'nodes'], verbs: ['get', 'list'] }]),
  ...[
    { kind: 'User', name: 'bob', apiGroup: 'rbac.authorization.k8s.io' },
    { kind: 'User', name: 'system:node:n1', apiGroup: 'rbac.authorization.k8s.io' },
    { kind: 'ServiceAccount', name: 'default', namespace: 'oracle' },
  ].map((subject, index) => bind(`oracle-looker-${index}`, subject, 'oracle-looker')),
  role('oracle-constrained', constrained),
  bind('oracle-constrained', robot),
  { ...read('wait for bob', maps, as('bob')), until: 200 },
  read('pods as bob', `${core}/pods`, as('bob')),
  { ...read('a list as an account', maps, as('system:serviceaccount:oracle:default')), until: 200 },
  { ...read('nodes as a node', nodes, as('system:node:n1')), until: 200 },
  read('nodes as a node of its group', nodes, as('system:node:n1', { 'impersonate-group': 'system:nodes' })),
  read('a list as bob in a group', maps, as('bob', { 'impersonate-group': 'x' })),
  read('a list as another', maps, as('joe')),
  read('a list as jane', maps, as('jane')),
  ...Object.entries(targets).map(([title, headers]) => asRobot(`${title}, remembered`, headers)),
  asRobot('bob', as('bob')),
]

export function impersonationTracks(): Track[] {
  return [
    { name: 'opening', cases: opening },
    { name: 'impersonation', cases: [...impersonationCases, ...constrainedCases] },
  ]
}
