import { afterAll, expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueCa, issueLeaf } from '../../src/server/pki/issue.ts'
import { silentLogger } from '../../src/std/log.ts'
import { realPorts } from '../../src/std/real-ports.ts'
import { besideStock } from './beside-stock.ts'
import { type Answer, get, json, type OracleCase, send } from './case.ts'
import type { ClientPair, Side } from './side.ts'
import { openStage } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-doors-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { random } = realPorts(silentLogger)
const context = { nowMs: Date.now(), random }
const [authority, stranger] = await Promise.all(['proxies', 'others'].map(name => issueCa(name, context)))

async function pairOf(commonName: string, ca = authority!): Promise<Required<ClientPair>> {
  const subject = { commonName, organizations: ['system:masters'], names: [], uses: ['clientAuth'] } as const
  const { certificate, key } = await issueLeaf(ca, subject, context)
  return { cert: certificate, key }
}
const [gate, unknownProxy, foreign] = await Promise.all([
  pairOf('gate'),
  pairOf('other'),
  pairOf('gate', stranger),
])

function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const tokens = `secret-a,ann,u1,"dev,ops"
secret-b,"ben, the second",u2
secret-c,cleo,,""

,nobody,u4
secret-d,system:admin,u5,system:masters
`
const policy = (spec: object) =>
  json({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec })
const policies = `# who may what
${policy({ user: 'ann', apiGroup: '', resource: 'configmaps', namespace: 'default' })}
${policy({ group: 'ops', readonly: true, apiGroup: '*', resource: '*', namespace: '*' })}
${policy({ user: 'cleo', readonly: true, nonResourcePath: '/metrics*' })}

{"user": "old", "namespace": "default", "resource": "pods", "readonly": true}
{"user": "older"}
`
const flags = [
  `--requestheader-client-ca-file=${fileOf('ca.crt', authority!.certificate)}`,
  '--requestheader-allowed-names=gate,door',
  '--requestheader-username-headers=X-First,X-Remote-User',
  '--requestheader-uid-headers=X-Remote-Uid,X-Id',
  '--requestheader-group-headers=X-Team,X-Remote-Group',
  '--requestheader-extra-headers-prefix=X-More-,X-Remote-Extra-',
  `--proxy-client-cert-file=${fileOf('proxy.crt', gate.cert)}`,
  `--proxy-client-key-file=${fileOf('proxy.key', gate.key)}`,
  `--token-auth-file=${fileOf('tokens.csv', tokens)}`,
  `--authorization-policy-file=${fileOf('policies.jsonl', policies)}`,
]

interface Asking {
  readonly as?: ClientPair
  readonly one: OracleCase
}

const nobody: ClientPair = {}
const authentication = { apiVersion: 'authentication.k8s.io/v1' }
const authorization = { apiVersion: 'authorization.k8s.io/v1' }
const whoami = send('POST', 'whoami', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
  ...authentication,
  kind: 'SelfSubjectReview',
})
const rulesOf = (namespace: string) =>
  send('POST', 'rules', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
    ...authorization,
    ...{ kind: 'SelfSubjectRulesReview', spec: { namespace } },
  })
const review = (token: string, audiences?: string[]) =>
  send('POST', `review of ${token}`, '/apis/authentication.k8s.io/v1/tokenreviews', {
    ...authentication,
    ...{ kind: 'TokenReview', spec: { token, ...(audiences && { audiences }) } },
  })
const withHeaders = (one: OracleCase, headers: Readonly<Record<string, string>>): OracleCase => ({
  ...one,
  name: `${one.name} ${json(headers)}`,
  headers: { ...one.headers, ...headers },
})
const bearing = (token: string, one: OracleCase) =>
  ({ as: nobody, one: withHeaders(one, { authorization: `Bearer ${token}` }) }) satisfies Asking

const claims: readonly Readonly<Record<string, string>>[] = [
  { 'x-remote-user': 'jane' },
  { 'x-first': 'ann', 'x-remote-user': 'jane', 'x-remote-uid': '', 'x-id': '7', 'x-team': 'a, b' },
  { 'x-first': '', 'x-remote-user': 'jane', 'x-remote-group': 'system:masters' },
  { 'x-more-acme.org%2Fscope': 's', 'x-remote-extra-acme.org%2Fscope': 't', 'x-remote-user': 'jane' },
  { 'x-remote-group': 'system:masters' },
  { 'x-remote-user': 'system:anonymous' },
  {},
]
const [old, older] = ['old', 'older'].map(name => ({ 'x-remote-user': name }))
const pod = get('pods', '/api/v1/namespaces/default/pods')
const configMap = (name: string) =>
  send('POST', 'make a config map', '/api/v1/namespaces/default/configmaps', {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
  })

const askings: readonly Asking[] = [
  ...claims.flatMap(headers =>
    [gate, unknownProxy, foreign].map(as => ({ as, one: withHeaders(whoami, headers) })),
  ),
  ...claims.map(headers => ({ one: withHeaders(whoami, headers) })),
  ...['secret-a', 'secret-b', 'secret-c', 'secret-d', 'secret-', ''].flatMap(token => [
    bearing(token, whoami),
    bearing(token, get('metrics', '/metricsx')),
    bearing(token, get('healthz', '/debug/flags')),
    bearing(token, pod),
    bearing(token, get('secrets', '/api/v1/secrets?limit=1&fieldSelector=metadata.name%3Dnone')),
    bearing(token, configMap(`of-${token || 'nobody'}`)),
    ...(token ? [bearing(token, rulesOf('default')), bearing(token, rulesOf('kube-system'))] : []),
    { one: review(token) },
  ]),
  { one: review('secret-a', ['https://kubernetes.default.svc.cluster.local', 'other']) },
  { one: review('secret-a', ['other']) },
  ...[old, older].flatMap(headers =>
    [
      ...[pod, configMap('of-old'), get('nodes', '/api/v1/nodes'), get('path', '/debug/flags')],
      ...[rulesOf('default'), rulesOf('kube-system')],
    ].map(one => ({ as: gate, one: withHeaders(one, headers!) })),
  ),
]

interface Rules {
  readonly status?: {
    readonly resourceRules?: readonly object[]
    readonly nonResourceRules?: readonly object[]
  }
}

/** Rules come in the order of the bindings; agents of Hutch fetch its authorities at `/cacerts`. */
function inOrder(answer: Answer): Answer {
  const { status } = answer.body as Rules
  if (!status?.resourceRules) return answer
  const sorted = (rules: readonly object[] = []) =>
    rules
      .map(json)
      .toSorted()
      .filter(rule => !rule.includes('"/cacerts"'))
  return {
    ...answer,
    body: [
      sorted(status.resourceRules),
      sorted(status.nonResourceRules),
      { ...status, resourceRules: 0, nonResourceRules: 0 },
    ],
  }
}

/** What servers behind this one are told; whose users they are is each cluster's own. */
async function told(side: Side): Promise<object> {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'
  const { body } = await side.session().ask(get('told', path))
  const { 'client-ca-file': own, ...rest } = (body as { data: Record<string, string> }).data
  expect(own).toContain('BEGIN CERTIFICATE')
  return rest
}

besideStock({
  subject: 'proxies, tokens and policies of files',
  claim: 'Hutch lets in whom they let in, and says the same of them',
  open: () =>
    openStage({
      both: flags,
      hutch: ['--authorization-mode=Node,RBAC,ABAC'],
      stock: ['--authorization-mode=ABAC'],
    }),
  async compare({ ours, theirs }) {
    for (const { as, one } of askings) {
      const [here, there] = await Promise.all(
        [ours, theirs].map(async side => inOrder(await side.session(as).ask(one))),
      )
      expect({ case: one.name, ...here }).toEqual({ case: one.name, ...there })
    }
    expect(await told(ours)).toEqual(await told(theirs))
  },
})
