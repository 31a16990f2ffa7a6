import { afterAll, beforeAll, expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { issueCa, issueLeaf } from '../../src/server/pki/issue.ts'
import { silentLogger } from '../../src/std/log.ts'
import { realPorts } from '../../src/std/real-ports.ts'
import { besideStock } from './beside-stock.ts'
import { type Answer, get, type OracleCase, send } from './case.ts'
import type { Side } from './side.ts'
import { openStage } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-issuers-'))
const file = join(folder, 'authentication.yaml')
const context = { nowMs: Date.now(), random: realPorts(silentLogger).random }
const ca = await issueCa('issuers', context)
const leaf = await issueLeaf(
  ca,
  { ...{ commonName: 'localhost', organizations: [], uses: ['serverAuth'] }, names: ['localhost'] },
  context,
)
const [own, foreign] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')]
const keys = [{ ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }]

let provider: Server
let base = ''

/** The issuers `/a` and `/b`, and `/c`, whose discovery lies elsewhere. */
function serve(url: string): object | undefined {
  if (url === '/keys') return { keys }
  const [, name] = /^\/(\w)\/\.well-known\/openid-configuration$/.exec(url) ?? []
  if (name) return { issuer: `${base}/${name}`, jwks_uri: `${base}/keys` }
  return url === '/discovery' ? { issuer: `${base}/c`, jwks_uri: `${base}/keys` } : undefined
}

const configuration = (prefix: string) => `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous: {enabled: true, conditions: [{path: /livez}, {path: /version}]}
jwt:
- issuer: {url: '${base}/a', audiences: [one, two], audienceMatchPolicy: MatchAny, certificateAuthority: ${JSON.stringify(ca.certificate)}}
  claimValidationRules:
  - {claim: hd, requiredValue: example.org}
  - {expression: 'claims.exp - claims.nbf <= 86400', message: it lives too long}
  - {expression: '!has(claims.bad) || claims.bad == false'}
  claimMappings:
    username: {expression: 'claims.email_verified ? claims.email : "none:" + claims.sub'}
    groups: {expression: 'has(claims.roles) ? claims.roles : []'}
    uid: {expression: 'claims.?uid.orValue("")'}
    extra:
    - {key: example.org/tenant, valueExpression: 'claims.tenant'}
    - {key: example.org/list, valueExpression: 'has(claims.list) ? claims.list : []'}
  userValidationRules:
  - {expression: '!user.username.startsWith("system:")', message: that prefix is reserved}
  - {expression: 'user.groups.all(g, !g.startsWith("system:"))'}
- issuer: {url: '${base}/b', audiences: [one], certificateAuthority: ${JSON.stringify(ca.certificate)}}
  claimMappings: {username: {claim: sub, prefix: '${prefix}'}, groups: {claim: groups, prefix: 'g:'}, uid: {claim: uid}}
- issuer: {url: '${base}/c', discoveryURL: '${base}/discovery', audiences: [one], certificateAuthority: ${JSON.stringify(ca.certificate)}}
  claimMappings: {username: {claim: email, prefix: ''}}
`

const nowSeconds = Math.floor(Date.now() / 1000)
const usual = { nbf: nowSeconds - 10, exp: nowSeconds + 3_600, iat: nowSeconds - 10, aud: 'one' }
function sign(claims: JWTPayload, key = own.privateKey, kid = 'k1') {
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg: 'RS256', kid }).sign(key)
}

async function tokens(): Promise<ReadonlyMap<string, string>> {
  const ann = { iss: `${base}/a`, sub: 'ann', hd: 'example.org', email: 'ann@example.org' }
  const good = { ...ann, email_verified: true, tenant: 't1' }
  const bob = { iss: `${base}/b`, sub: 'bob', uid: 'b1' }
  const cleo = { iss: `${base}/c`, email: 'cleo@example.org' }
  const claims: readonly Record<string, unknown>[] = [
    ...[good, ...[['x', 'two'], 'else', undefined].map(aud => ({ ...good, aud }))],
    ...[{ nbf: nowSeconds - 4_000, exp: nowSeconds - 100 }, { exp: undefined }, { nbf: undefined }].map(
      change => ({ ...good, ...change }),
    ),
    { ...good, exp: nowSeconds + 100_000 },
    ...[undefined, 'evil.org', 5].map(hd => ({ ...good, hd })),
    ...[true, 'x'].map(bad => ({ ...good, bad })),
    ...[false, undefined, 'true'].map(verified => ({ ...good, email_verified: verified })),
    ...[undefined, '', 7, 'system:admin'].map(email => ({ ...good, email })),
    ...['x', ['x', 'y', ''], ['system:masters'], 5, null].map(roles => ({ ...good, roles })),
    ...[undefined, 5, ['a', 'b'], null, ''].map(tenant => ({ ...good, tenant })),
    ...[5, 'u-1'].map(uid => ({ ...good, uid })),
    ...[['p', 'q', ''], {}].map(list => ({ ...good, list })),
    ...[undefined, ['x', 'y'], 'solo', 5, ['a', 5], { a: 1 }].map(groups => ({ ...bob, groups })),
    ...[undefined, 5].map(uid => ({ ...bob, uid })),
    ...[undefined, 5, ''].map(sub => ({ ...bob, sub })),
    ...[true, false, 'yes', undefined].map(verified => ({ ...cleo, email_verified: verified })),
    { ...good, iss: 'https://else.example.org' },
    { iss: 'https://kubernetes.default.svc.cluster.local', sub: 'system:serviceaccount:default:x' },
  ]
  const named = new Map<string, string>()
  for (const each of claims)
    named.set(
      JSON.stringify(each, (_, value) => value ?? null),
      await sign(each),
    )
  named.set('another key', await sign(good, foreign.privateKey))
  named.set('an unknown key', await sign(good, own.privateKey, 'k9'))
  for (const text of ['a.b.c', 'plain', '..']) named.set(text, text)
  return named
}

const authentication = { apiVersion: 'authentication.k8s.io/v1' }
const whoami = (token: string): OracleCase => ({
  ...send('POST', 'whoami', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    ...{ ...authentication, kind: 'SelfSubjectReview' },
  }),
  headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
})
const review = (token: string, audiences?: readonly string[]) =>
  send('POST', 'review', '/apis/authentication.k8s.io/v1/tokenreviews', {
    ...{ ...authentication, kind: 'TokenReview', spec: { token, ...(audiences && { audiences }) } },
  })

async function inTime(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300 && !(await what()); tries++) await Bun.sleep(200)
}

/** A stock server asks its issuers in the background. */
const knows = (side: Side, token: string) =>
  inTime(async () => (await side.session({}).ask(whoami(token))).status === 201)
const reloaded = (side: Side, status: string, count: number) =>
  inTime(async () => {
    const told = await side.session().raw('/metrics')
    const found = new RegExp(
      `^apiserver_authentication_config_controller_automatic_reloads_total\\{[^}]*status="${status}"\\} (\\d+)$`,
      'm',
    ).exec(told)
    return Number(found?.[1] ?? 0) >= count
  })

beforeAll(async () => {
  provider = createServer({ key: leaf.key, cert: leaf.certificate }, (request, response) => {
    const found = serve(request.url ?? '')
    response.setHeader('content-type', 'application/json')
    response.statusCode = found ? 200 : 404
    response.end(JSON.stringify(found ?? {}))
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => provider.once('listening', resolve))
  base = `https://localhost:${(provider.address() as AddressInfo).port}`
  writeFileSync(file, configuration('b:'))
}, 60_000)
afterAll(() => {
  provider.close()
  rmSync(folder, { recursive: true, force: true })
})

const own1 = 'https://kubernetes.default.svc.cluster.local'
const paths = ['/livez', '/version', '/readyz', '/livez/ping', '/api', '/metrics', '/', '/api/v1/namespaces']

besideStock({
  subject: 'issuers of tokens and whom the anonymous are',
  claim: 'Hutch finds the same users and the same faults, and takes changes of the file as they do',
  open: () => openStage({ both: [`--authentication-config=${file}`] }),
  async compare({ ours, theirs }) {
    const both = (ask: (side: Side) => Promise<Answer>) => Promise.all([ours, theirs].map(ask))
    const alike = async (name: string, ask: (side: Side) => Promise<Answer>) => {
      const [here, there] = await both(ask)
      expect({ case: name, ...here }).toEqual({ case: name, ...there })
    }
    const signed = await tokens()
    const [good = '', bob = ''] = [
      [...signed.values()][0],
      await sign({ iss: `${base}/b`, sub: 'bob', uid: 'b' }),
    ]
    const cleo = await sign({ iss: `${base}/c`, email: 'cleo@example.org' })
    for (const side of [ours, theirs]) for (const token of [good, bob, cleo]) await knows(side, token)
    for (const [name, token] of signed) {
      await alike(`who is ${name}`, side => side.session({}).ask(whoami(token)))
      await alike(`review of ${name}`, side => side.session().ask(review(token)))
    }
    for (const audiences of [['one'], ['two', own1], ['else', 'one'], [own1]])
      await alike(`good for ${audiences}`, side => side.session().ask(review(good, audiences)))
    for (const path of paths) await alike(`nobody at ${path}`, side => side.session({}).ask(get(path, path)))
    writeFileSync(file, `${configuration('b:')}- issuer: {url: 'http://plain.example.org'}\n`)
    for (const side of [ours, theirs]) await reloaded(side, 'failure', 1)
    await alike('after a broken file', side => side.session({}).ask(whoami(good)))
    writeFileSync(file, configuration('changed:'))
    for (const side of [ours, theirs]) await reloaded(side, 'success', 1)
    for (const side of [ours, theirs]) await knows(side, good)
    const fresh = await sign({ iss: `${base}/b`, sub: 'bea', uid: 'b2' })
    for (const side of [ours, theirs]) await knows(side, fresh)
    await alike('after a change of the file', side => side.session({}).ask(whoami(fresh)))
  },
})
