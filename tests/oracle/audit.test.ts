import { afterAll, expect } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../../src/machinery/meta/object.ts'
import { besideStock } from './beside-stock.ts'
import { get, type OracleCase, patch, send } from './case.ts'
import type { ClientPair } from './side.ts'
import { openStage } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-audit-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)

writeFileSync(
  at('policy.yaml'),
  `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, nonResourceURLs: ['/healthz*', '/livez']}
- {level: None, verbs: [watch], resources: [{group: '', resources: [nodes]}]}
- {level: RequestResponse, namespaces: [audited], omitManagedFields: true, resources: [{group: '', resources: [configmaps]}], omitStages: [ResponseStarted]}
- {level: Request, namespaces: [audited], resources: [{group: '', resources: [secrets, 'pods/log', 'pods/*']}]}
- {level: RequestResponse, resources: [{group: '', resources: [configmaps], resourceNames: [named]}]}
- {level: Metadata, userGroups: ['dev']}
- {level: RequestResponse, namespaces: [audited]}
- {level: RequestResponse, resources: [{group: authentication.k8s.io}, {group: authorization.k8s.io}, {group: rbac.authorization.k8s.io}]}
- {level: Metadata, nonResourceURLs: ['/api*', '/version', '/nowhere']}
- {level: Metadata, resources: [{group: ''}]}
- {level: None}
`,
)

const inside = '/api/v1/namespaces/audited'
const rbac = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
const configMap = (name: string, data: object = { a: '1' }) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data },
})
const withHeaders = (one: OracleCase, headers: Readonly<Record<string, string>>): OracleCase => ({
  ...one,
  headers: { ...one.headers, ...headers },
})
const apply = (name: string, path: string, body: object) =>
  withHeaders(send('PATCH', name, path, body), { 'content-type': 'application/apply-patch+yaml' })
const post = (name: string, path: string, apiVersion: string, kind: string, rest: object = {}) =>
  send('POST', name, path, { apiVersion, kind, ...rest })
const named = (name: string, spec?: object) => ({ metadata: { name }, ...(spec && { spec }) })
const dave = {
  ...{ 'impersonate-user': 'dave', 'impersonate-group': 'dev', 'impersonate-uid': 'u9' },
  'impersonate-extra-scopes': 'a',
}
const pod = { serviceAccountName: 'sa', containers: [{ name: 'c', image: 'i' }] }
const attributes = { verb: 'get', resource: 'pods' }

const cases: readonly OracleCase[] = [
  post('a namespace', '/api/v1/namespaces', 'v1', 'Namespace', named('audited')),
  ...['made', 'made again'].map(name => send('POST', name, `${inside}/configmaps`, configMap('one'))),
  send('POST', 'invalid', `${inside}/configmaps`, configMap('No_Good')),
  send('POST', 'dry', `${inside}/configmaps?dryRun=All&fieldManager=x`, configMap('dry')),
  send('POST', 'broken', `${inside}/configmaps`, '{"apiVersion":"v1","kind":'),
  post('of another kind', `${inside}/configmaps`, 'v1', 'Secret', named('x')),
  send('POST', 'strict', `${inside}/configmaps?fieldValidation=Strict`, { ...configMap('strict'), nope: 1 }),
  ...['one', 'none'].map(name => get(name, `${inside}/configmaps/${name}`)),
  get('listed', `${inside}/configmaps?limit=1`),
  get('selected badly', `${inside}/configmaps?labelSelector=%3D%3D`),
  withHeaders(get('not acceptable', `${inside}/configmaps/one`), { accept: 'image/png' }),
  withHeaders(get('protobuf', `${inside}/configmaps/one`), { accept: 'application/vnd.kubernetes.protobuf' }),
  send('PUT', 'put', `${inside}/configmaps/one`, configMap('one', { a: '2' })),
  patch('merged', `${inside}/configmaps/one`, 'merge', { data: { b: '3' } }),
  patch('by JSON patch', `${inside}/configmaps/one`, 'json', [{ op: 'add', path: '/data/c', value: '4' }]),
  patch('by strategic merge', `${inside}/configmaps/one`, 'strategic', { data: { d: null } }),
  apply('applied', `${inside}/configmaps/applied?fieldManager=me`, configMap('applied')),
  apply('in conflict', `${inside}/configmaps/one?fieldManager=me`, configMap('one', { a: '9' })),
  post('deleted', `${inside}/configmaps/applied`, 'v1', 'DeleteOptions', { gracePeriodSeconds: 0 }),
  send('DELETE', 'deleted with options', `${inside}/configmaps/applied`, {
    ...{ apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
  }),
  post('a secret', `${inside}/secrets`, 'v1', 'Secret', { ...named('s'), stringData: { p: 'hidden' } }),
  get('secrets', `${inside}/secrets`),
  ...['secrets', 'configmaps'].map(kind =>
    get(`watch of ${kind}`, `${inside}/${kind}?watch=1&timeoutSeconds=1`),
  ),
  send('DELETE', 'a collection', `${inside}/secrets?labelSelector=x%3Dy`, {}),
  send('POST', 'of a name', '/api/v1/namespaces/default/configmaps', configMap('named')),
  get('of a name, read', '/api/v1/namespaces/default/configmaps/named'),
  ...['/healthz', '/livez', '/readyz', '/version', '/api/v1', '/apis', '/nowhere', '/api/v1/nothings'].map(
    path => get(path, path),
  ),
  get('watch of nodes', '/api/v1/nodes?watch=1&timeoutSeconds=1'),
  ...[
    get('dave reads', '/api/v1/namespaces/default/configmaps/named'),
    send('POST', 'dave makes', `${inside}/configmaps`, configMap('dev')),
  ].map(one => withHeaders(one, dave)),
  post('an account', `${inside}/serviceaccounts`, 'v1', 'ServiceAccount', named('sa')),
  post('a token', `${inside}/serviceaccounts/sa/token`, 'authentication.k8s.io/v1', 'TokenRequest', {
    spec: { audiences: ['x'], expirationSeconds: 600 },
  }),
  post(
    'may',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    'authorization.k8s.io/v1',
    'SubjectAccessReview',
    {
      spec: { user: 'x', resourceAttributes: attributes },
    },
  ),
  post(
    'who',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    'authentication.k8s.io/v1',
    'SelfSubjectReview',
  ),
  post('a role', rbac, 'rbac.authorization.k8s.io/v1', 'ClusterRole', {
    ...{ ...named('r'), rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  }),
  send('DELETE', 'no role', `${rbac}/r`, {}),
  post('a pod', `${inside}/pods`, 'v1', 'Pod', named('p', pod)),
  patch('its status', `${inside}/pods/p/status`, 'merge', { status: { phase: 'Running' } }),
  get('its log', `${inside}/pods/p/log`),
  post('it evicted', `${inside}/pods/p/eviction`, 'policy/v1', 'Eviction', named('p')),
  post('it bound', `${inside}/pods/p/binding`, 'v1', 'Binding', {
    ...named('p'),
    target: { kind: 'Node', name: 'n' },
  }),
  post('a quota', `${inside}/resourcequotas`, 'v1', 'ResourceQuota', named('q', { hard: { pods: '1' } })),
  send('DELETE', 'no namespace', '/api/v1/namespaces/audited', {}),
  withHeaders(get('nobody', '/api/v1/pods'), { 'x-oracle-anonymous': 'true' }),
]

/** What each server chooses itself. */
const own: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/"(uid|resourceVersion|continue|token)":"[^"]*"/g, '"$1":"…"'],
  [/"\d{4}-\d\d-\d\dT[^"]*"/g, '"…"'],
  [/kube-api-access-\w{5}/g, 'kube-api-access-…'],
  [/JTI=[\w-]+/g, 'JTI=…'],
  [/X509SHA256=\w+/g, 'X509SHA256=…'],
]

interface Told extends KubeObject {
  readonly auditID: string
  readonly user?: { readonly username?: string }
}

/** The events of the case that came with each id, in order. */
function eventsIn(file: string): ReadonlyMap<string, readonly object[]> {
  const told = new Map<string, object[]>()
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { auditID, user, ...event } = JSON.parse(line) as Told
    if (!auditID.startsWith('case-')) continue
    const name = cases[Number(auditID.slice(5))]!.name
    const isKnown = user?.username !== 'system:anonymous'
    const text = own.reduce((now, [pattern, shown]) => now.replaceAll(pattern, shown), JSON.stringify(event))
    told.set(name, [
      ...(told.get(name) ?? []),
      { ...JSON.parse(text), user: isKnown ? 'administrator' : user },
    ])
  }
  return told
}

besideStock({
  subject: 'what is written down of requests',
  claim: 'Hutch writes the same events of the same requests',
  open: () =>
    openStage({
      both: [`--audit-policy-file=${at('policy.yaml')}`],
      hutch: [`--audit-log-path=${at('ours.log')}`],
      stock: [`--audit-log-path=${at('theirs.log')}`],
    }),
  async compare({ ours, theirs }) {
    for (const [index, one] of cases.entries())
      for (const side of [ours, theirs]) {
        const nobody: ClientPair | undefined = one.name === 'nobody' ? {} : undefined
        await side.session(nobody).ask(withHeaders(one, { 'audit-id': `case-${index}` }))
      }
    await Bun.sleep(1_000)
    const [here, there] = [eventsIn(at('ours.log')), eventsIn(at('theirs.log'))]
    expect(there.size).toBeGreaterThan(40)
    for (const { name } of cases)
      expect({ case: name, events: here.get(name) }).toEqual({ case: name, events: there.get(name) })
  },
})
