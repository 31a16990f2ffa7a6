import { afterAll, beforeAll, expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createTls, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { serveConnect, serveKonnectivity, type TestProxy } from '../../src/server/egress/testing.ts'
import { issueCa, issueLeaf } from '../../src/server/pki/issue.ts'
import { silentLogger } from '../../src/std/log.ts'
import { realPorts } from '../../src/std/real-ports.ts'
import { besideStock } from './beside-stock.ts'
import { type Answer, get, type OracleCase, patch, send } from './case.ts'
import type { Side } from './side.ts'
import { openStage } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-egress-'))
const at = (name: string) => join(folder, name)
const context = { nowMs: Date.now(), random: realPorts(silentLogger).random }
const ca = await issueCa('hooks', context)
const leaf = await issueLeaf(
  ca,
  {
    ...{ commonName: 'hooks', organizations: [], uses: ['serverAuth'] },
    names: ['hooks', 'tokens', 'access', 'audit', 'issuer'].map(name => `${name}.test`),
  },
  context,
)
const [cluster, controlplane] = [at('cluster.sock'), at('controlplane.sock')]
writeFileSync(
  at('egress.yaml'),
  `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- {name: cluster, connection: {proxyProtocol: GRPC, transport: {uds: {udsName: ${cluster}}}}}
- {name: controlplane, connection: {proxyProtocol: HTTPConnect, transport: {uds: {udsName: ${controlplane}}}}}
- {name: etcd, connection: {proxyProtocol: Direct}}
`,
)

const fileOf = (name: string, text: string) => {
  writeFileSync(at(name), text)
  return at(name)
}
const pem = (text: string) => Buffer.from(text).toString('base64')
/** A service that is asked for reviews, by a name that only the proxy knows. */
const kubeconfigOf = (name: string) =>
  fileOf(
    `${name}.yaml`,
    `apiVersion: v1
kind: Config
clusters:
- {name: c, cluster: {server: 'https://${name}.test:8443/${name}', certificate-authority-data: ${pem(ca.certificate)}}}
contexts:
- {name: c, context: {cluster: c}}
current-context: c
`,
  )
const keys = await generateKeyPair('ES256')
const issuer = 'https://issuer.test:8443'
const discovery: Readonly<Record<string, object>> = {
  '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/keys` },
  '/keys': { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] },
}
const jwt = await new SignJWT({ sub: 'jane', aud: 'cluster' })
  .setProtectedHeader({ alg: 'ES256', kid: 'k' })
  .setIssuer(issuer)
  .setIssuedAt()
  .setExpirationTime('1h')
  .sign(keys.privateKey)
const authentication = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: ${issuer}
    audiences: [cluster]
    egressSelectorType: controlplane
    certificateAuthority: ${JSON.stringify(ca.certificate)}
  claimMappings: {username: {claim: sub, prefix: 'oidc:'}}
`
const policy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, users: [web]}]\n'
const webhooks = [
  `--authentication-config=${fileOf('authentication.yaml', authentication)}`,
  `--authentication-token-webhook-config-file=${kubeconfigOf('tokens')}`,
  `--authorization-webhook-config-file=${kubeconfigOf('access')}`,
  `--audit-policy-file=${fileOf('policy.yaml', policy)}`,
  `--audit-webhook-config-file=${kubeconfigOf('audit')}`,
  '--audit-webhook-mode=blocking',
]

/** What the services answer to whom they are asked about. */
function reviewed(path: string, { apiVersion, kind, spec, request }: Asked): object {
  if (path === '/tokens') {
    const authenticated = spec?.token === 'secret'
    return {
      apiVersion,
      kind,
      status: { authenticated, ...(authenticated && { user: { username: 'web' } }) },
    }
  }
  if (path === '/access') {
    const allowed = spec?.user === 'web' && spec.resourceAttributes?.resource === 'pods'
    return { apiVersion, kind, status: { allowed, reason: `asked of ${spec?.user}` } }
  }
  if (path === '/audit') return {}
  const status = { code: 403, message: `the hook heard of ${request?.name}` }
  return { apiVersion, kind, response: { uid: request?.uid, allowed: false, status } }
}

interface Asked {
  readonly apiVersion?: string
  readonly kind?: string
  readonly spec?: {
    readonly token?: string
    readonly user?: string
    readonly resourceAttributes?: { readonly resource?: string }
  }
  readonly request?: { readonly uid?: string; readonly name?: string }
}

let pod: HttpServer
let hook: Server
let proxies: readonly TestProxy[] = []
const portOf = (server: HttpServer | Server) => (server.address() as AddressInfo).port

beforeAll(async () => {
  pod = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain')
    response.end(`the pod heard ${request.method} ${request.url}`)
  }).listen(0, '127.0.0.1')
  hook = createTls({ key: leaf.key, cert: leaf.certificate }, (request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      const path = new URL(request.url ?? '', issuer).pathname
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(discovery[path] ?? reviewed(path, JSON.parse(body))))
    })
  }).listen(0, '127.0.0.1')
  proxies = [
    await serveKonnectivity(() => portOf(pod), cluster),
    await serveConnect(() => portOf(hook), { path: controlplane }),
  ]
}, 60_000)
afterAll(() => {
  for (const proxy of proxies) proxy.stop()
  pod.close()
  hook.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const pods = '/api/v1/namespaces/default/pods'
const cases: readonly OracleCase[] = [
  send('POST', 'an account', '/api/v1/namespaces/default/serviceaccounts', {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
  }),
  send('POST', 'a pod', pods, {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } },
    spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 8080 }] }] },
  }),
  patch('its address', `${pods}/web/status`, 'merge', {
    status: { podIP: '192.0.2.10', podIPs: [{ ip: '192.0.2.10' }] },
  }),
  get('asked', `${pods}/web/proxy/hello?a=b`),
  get('asked at a port', `${pods}/web:9090/proxy/hello`),
  send('POST', 'a hook', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
    metadata: { name: 'hook' },
    webhooks: [
      {
        name: 'a.hooks.test',
        clientConfig: {
          url: 'https://hooks.test:8443/judge',
          caBundle: Buffer.from(ca.certificate).toString('base64'),
        },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
        ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail' },
      },
    ],
  }),
  {
    ...send('POST', 'judged', '/api/v1/namespaces/default/configmaps', {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'judged' } },
    }),
    until: 403,
  },
]

const whoami = send('POST', 'whoami', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
  ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
})
const bearing = (token: string, one: OracleCase): OracleCase => ({
  ...one,
  name: `${one.name} with ${token.slice(0, 6)}`,
  headers: { ...one.headers, authorization: `Bearer ${token}` },
})
const byToken: readonly OracleCase[] = [
  ...[bearing('secret', whoami), bearing('other', whoami), bearing(jwt, whoami)],
  ...[
    bearing('secret', get('pods', pods)),
    bearing('secret', get('secrets', pods.replace('pods', 'secrets'))),
  ],
  bearing(jwt, get('pods', pods)),
]

/** What a server answers, and where it had the proxies connect to. */
async function play(side: Side): Promise<object> {
  const before = proxies.map(({ asked }) => asked.length)
  const session = side.session()
  const answers: Record<string, Answer> = {}
  for (const one of cases) answers[one.name] = await settled(() => session.ask(one), one.until)
  const nobody = side.session({})
  for (const one of byToken) answers[one.name] = await settled(() => nobody.ask(one))
  const since = proxies.map(({ asked }, index) => new Set(asked.slice(before[index])))
  // Its keys are had when the server has started or with the first token: that somebody is known by one tells enough.
  for (const places of since) places.delete('issuer.test:8443')
  return { answers, asked: since.map(places => [...places].toSorted()) }
}

/** A hook is asked a moment after it was named. */
async function settled(ask: () => Promise<Answer>, until?: number): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await ask()
    if (until === undefined || answer.status === until || tries > 100) return answer
    await Bun.sleep(100)
  }
}

besideStock({
  subject: 'proxies to other networks',
  claim: 'Hutch asks them for the same places, and answers what it hears there',
  open: () =>
    openStage({
      both: [`--egress-selector-config-file=${at('egress.yaml')}`, ...webhooks],
      hutch: ['--authorization-mode=Node,RBAC,Webhook'],
      stock: ['--authorization-mode=Webhook'],
    }),
  async compare({ ours, theirs }) {
    const [here, there] = [await play(ours), await play(theirs)]
    expect(there).toMatchObject({
      asked: [
        ['192.0.2.10:8080', '192.0.2.10:9090'],
        ['access', 'audit', 'hooks', 'tokens'].map(name => `${name}.test:8443`),
      ],
    })
    expect(here).toEqual(there)
  },
})
