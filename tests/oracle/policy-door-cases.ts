import { type OracleCase, patch, type patchTypes, send } from './case.ts'

const group = '/apis/admissionregistration.k8s.io/v1'
const home = '/api/v1/namespaces/doors'
const labels = { a: 'b' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }

/** What an object is called when a policy sees it. */
const shown = (name: string) =>
  `(${name} == null ? 'null' : (has(${name}.apiVersion) ? ${name}.apiVersion : '-') + '/' + (has(${name}.kind) ? ${name}.kind : '-') + ' ' + (has(${name}.metadata) && has(${name}.metadata.name) ? ${name}.metadata.name : '-') + (has(${name}.spec) ? ' with spec' : ''))`
const seen = [
  "request.operation + ' ' + request.kind.group + '/' + request.kind.kind + ' ' + request.resource.resource + '/' + request.subResource",
  "request.requestKind.kind + '/' + request.requestSubResource + ' ' + request.name + ' ' + request.namespace + ' ' + string(request.dryRun)",
  "(has(request.options) && request.options != null ? request.options.kind : 'no options')",
  ...['object', 'oldObject'].map(shown),
  "(namespaceObject == null ? 'nowhere' : namespaceObject.metadata.name)",
].join(" + ' | ' + ")

const things: readonly (readonly [path: string, object: object])[] = [
  ['/api/v1/namespaces', { metadata: { name: 'doors' } }],
  [`${home}/serviceaccounts`, { metadata: { name: 'default' } }],
  [`${home}/pods`, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }],
  [`${home}/services`, { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } }],
  [`${home}/configmaps`, { metadata: { name: 'm' } }],
  ['/api/v1/nodes', { metadata: { name: 'door-node' } }],
  [
    '/apis/apps/v1/namespaces/doors/deployments',
    { metadata: { name: 'd' }, spec: { selector: { matchLabels: labels }, template } },
  ],
  [
    `${group}/validatingadmissionpolicies`,
    {
      metadata: { name: 'doors' },
      spec: {
        matchConstraints: {
          resourceRules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }],
        },
        matchConditions: [{ name: 'user', expression: "request.userInfo.username == 'doors'" }],
        validations: [{ expression: 'false', messageExpression: seen }],
      },
    },
  ],
  [
    `${group}/validatingadmissionpolicybindings`,
    { metadata: { name: 'doors' }, spec: { policyName: 'doors', validationActions: ['Deny'] } },
  ],
]

const asked = (one: OracleCase): OracleCase => ({
  ...one,
  headers: { ...one.headers, 'impersonate-user': 'doors', 'impersonate-group': 'system:masters' },
})
const call = (method: string, path: string, body?: object): OracleCase => {
  const name = `doors: ${method} ${path}`
  return asked(body ? send(method, name, path, body) : { name, method, path })
}
const change = (path: string, type: keyof typeof patchTypes, body: object) =>
  asked(patch(`doors: ${type} ${path}`, path, type, body))
const scale = { metadata: { name: 'd', namespace: 'doors' }, spec: { replicas: 2 } }
const eviction = { metadata: { name: 'p' } }

/** What a policy sees at each door: it lets nobody in and says what it saw. */
export const policyDoorCases: readonly OracleCase[] = [
  ...things.map(([path, object]) => send('POST', `doors: make ${path}`, path, object)),
  { ...call('POST', `${home}/configmaps?dryRun=All`, { metadata: { name: 'wait' } }), until: 422 },
  call('POST', `${home}/serviceaccounts/default/token`, { spec: {} }),
  ...['POST', 'GET'].flatMap(method =>
    ['p/exec?command=ls', 'p/attach?stdout=true', 'p/portforward?ports=80', 'p/proxy/x', 'none/exec'].map(
      door => call(method, `${home}/pods/${door}`),
    ),
  ),
  ...['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].map(method => call(method, `${home}/pods/p/proxy/a?x=y`)),
  call('GET', `${home}/services/s:80/proxy/a`),
  call('GET', '/api/v1/nodes/door-node/proxy/healthz'),
  call('GET', `${home}/pods/p/log`),
  call('POST', `${home}/pods/p/binding`, { target: { kind: 'Node', name: 'door-node' } }),
  call('POST', `${home}/bindings`, { metadata: { name: 'p' }, target: { kind: 'Node', name: 'door-node' } }),
  call('POST', `${home}/pods/p/eviction`, eviction),
  call('POST', `${home}/pods/p/eviction?dryRun=All`, { ...eviction, deleteOptions: { dryRun: ['All'] } }),
  change(`${home}/pods/p/ephemeralcontainers`, 'strategic', {
    spec: { ephemeralContainers: [{ name: 'e', image: 'i' }] },
  }),
  change(`${home}/pods/p/status`, 'merge', { status: { phase: 'Running' } }),
  change('/apis/apps/v1/namespaces/doors/deployments/d/scale', 'merge', { spec: { replicas: 3 } }),
  call('PUT', '/apis/apps/v1/namespaces/doors/deployments/d/scale', scale),
  call('PUT', '/api/v1/namespaces/doors/finalize', { metadata: { name: 'doors' }, spec: {} }),
  change('/api/v1/namespaces/doors', 'merge', { metadata: { labels } }),
  call('DELETE', '/api/v1/namespaces/doors'),
  change('/api/v1/nodes/door-node/status', 'merge', { status: { phase: 'x' } }),
  call('DELETE', '/api/v1/nodes'),
  change(`${home}/configmaps/n?fieldManager=x`, 'apply', {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n' } },
  }),
  call('DELETE', `${home}/configmaps/m`, { propagationPolicy: 'Foreground' }),
  call('DELETE', `${home}/configmaps`),
  call('POST', `${home}/configmaps?dryRun=All`, { metadata: { name: 'n' } }),
  call('PUT', `${home}/configmaps/m`, { metadata: { name: 'm' }, data: labels }),
  call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: { user: 'a', nonResourceAttributes: { path: '/', verb: 'get' } },
  }),
  call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'x' } }),
  call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}),
  call('POST', `${group}/validatingwebhookconfigurations`, { metadata: { name: 'exempt' } }),
]
