import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { silentLogger } from '../../std/log.ts'
import { createMetrics } from '../../std/metrics.ts'
import { SimClock, simRandom } from '../../std/sim-ports.ts'
import type { AuthorizationAttributes } from '../context.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { type WebhookAuthorizerSetup, webhookAuthorizer } from './authorizer.ts'
import { remoteService } from './kubeconfig.ts'
import { compileCondition } from './match-condition.ts'
import { postReviews } from './post-review.ts'
import { webhookTokens } from './tokens.ts'

const pkiContext = { nowMs: Date.now(), random: simRandom(3) }
const ca = await issueCa('reviews', pkiContext)
const request = {
  commonName: 'reviews',
  organizations: [],
  names: ['127.0.0.1'],
  uses: ['serverAuth'],
} as const
const leaf = await issueLeaf(ca, request, pkiContext)

let service: ReturnType<typeof Bun.serve>
let asked: { review: JsonObject; authorization: string | null }[] = []
let answer: (review: JsonObject) => Response = () => Response.json({})

beforeAll(() => {
  service = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1', tls: { cert: leaf.certificate, key: leaf.key } },
    async fetch(request) {
      const review = (await request.json()) as JsonObject
      asked.push({ review, authorization: request.headers.get('authorization') })
      return answer(review)
    },
  })
})
afterAll(() => service.stop(true), 120_000)
beforeEach(() => {
  asked = []
})

const kubeconfig = (server: string) => `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "${server}", certificate-authority: ca.pem}}]
users: [{name: u, user: {token: s3cret}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x`

const connect = () =>
  postReviews(remoteService(kubeconfig(`https://127.0.0.1:${service.port}/review`), () => ca.certificate))

const attributes = (verb: string, name = ''): AuthorizationAttributes => ({
  user: { username: 'jane', groups: ['dev'] },
  info: {
    ...{ isResourceRequest: true, path: '/x', verb, group: '', version: 'v1', resource: 'pods' },
    ...{ subresource: '', namespace: 'a', name },
  },
  labelSelector: 'app=web',
})
const decided = (status: object) => () => Response.json({ status })

function authorizer(change: Partial<WebhookAuthorizerSetup> = {}) {
  const clock = new SimClock(0)
  const authorize = webhookAuthorizer({
    ...{ name: 'hook', post: connect(), version: 'v1', timeoutMs: 3_000, clock, log: silentLogger },
    ...{ authorizedTtlMs: 60_000, unauthorizedTtlMs: 10_000, failurePolicy: 'NoOpinion' },
    ...{ matchConditions: [], metrics: createMetrics() },
    ...change,
  })
  return { clock, authorize: async (about: AuthorizationAttributes) => authorize(about) }
}

describe('an authorization webhook', () => {
  test('gets a SubjectAccessReview over TLS with the kubeconfig’s credential, and its word counts', async () => {
    answer = decided({ allowed: true, reason: 'because' })
    const { authorize } = authorizer()
    expect(await authorize(attributes('list'))).toEqual({ decision: 'allow', reason: 'because' })
    expect(asked).toEqual([
      {
        authorization: 'Bearer s3cret',
        review: {
          ...{ kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {} },
          spec: {
            ...{ user: 'jane', groups: ['dev'] },
            resourceAttributes: {
              ...{ namespace: 'a', verb: 'list', version: 'v1', resource: 'pods' },
              labelSelector: { requirements: [{ key: 'app', operator: 'In', values: ['web'] }] },
            },
          },
          status: { allowed: false },
        },
      },
    ])
  })

  test('may deny, and has no opinion when it does not allow', async () => {
    const { authorize } = authorizer()
    answer = decided({ allowed: false, denied: true, reason: 'no' })
    expect(await authorize(attributes('get'))).toEqual({ decision: 'deny', reason: 'no' })
    answer = decided({ allowed: false })
    expect(await authorize(attributes('list'))).toEqual({ decision: 'noOpinion', reason: '' })
  })

  test('is asked again only when its answer has grown old: a no sooner than a yes', async () => {
    const { authorize, clock } = authorizer()
    answer = decided({ allowed: true })
    for (let i = 0; i < 3; i++) await authorize(attributes('get'))
    expect(asked).toHaveLength(1)
    await clock.advance(60_000)
    answer = decided({ allowed: false })
    await authorize(attributes('get'))
    await clock.advance(9_999)
    await authorize(attributes('get'))
    expect(asked).toHaveLength(2)
    await clock.advance(1)
    await authorize(attributes('get'))
    expect(asked).toHaveLength(3)
  })

  test.each([
    ['NoOpinion', 'noOpinion'],
    ['Deny', 'deny'],
  ] as const)(
    'that fails counts as its policy %s says, after five tries',
    async (failurePolicy, decision) => {
      answer = () => new Response('broken', { status: 500 })
      const metrics = createMetrics()
      const { authorize, clock } = authorizer({ failurePolicy, metrics })
      let done = false
      const decided = authorize(attributes('get')).finally(() => {
        done = true
      })
      while (!done) {
        await Bun.sleep(2)
        await clock.advance(500)
      }
      const error = 'an error on the server ("broken") has prevented the request from succeeding'
      expect(await decided).toEqual({ decision, reason: '', error })
      expect(asked).toHaveLength(5)
      const told = metrics.text()
      expect(told).toContain('webhook_evaluations_total{name="hook",result="error"} 5')
      const isOpen = told.includes('webhook_evaluations_fail_open_total{name="hook",result="error"} 1')
      expect(isOpen).toBe(failurePolicy === 'NoOpinion')
    },
  )

  test('says of an answer in JSON that is no Status what client-go says', async () => {
    answer = () => Response.json({ kind: 'SubjectAccessReview' }, { status: 422 })
    const { authorize } = authorizer()
    expect(await authorize(attributes('get'))).toMatchObject({
      error: 'the server rejected our request due to an error in our request',
    })
  })

  test('conditions see every text and list, empty ones too', async () => {
    const errors = createFieldErrors()
    const texts = [
      "!('system:masters' in request.groups)",
      "request.uid == '' && request.extra.size() == 0",
      "request.resourceAttributes.namespace != 'kube-system' && request.resourceAttributes.name == ''",
    ]
    answer = decided({ allowed: true })
    const matchConditions = texts.map(text => compileCondition(text, 'c', errors)!)
    const { authorize } = authorizer({ matchConditions, failurePolicy: 'Deny' })
    const { info } = attributes('list')
    const ofCluster = { user: { username: 'jane', groups: [] }, info: { ...info, namespace: '' } }
    expect(await authorize(ofCluster)).toEqual({ decision: 'allow', reason: '' })
    const broken = compileCondition('request.nothing.here', 'c', errors)!
    const { error, decision } = await authorizer({ matchConditions: [broken] }).authorize(ofCluster)
    expect(decision).toBe('noOpinion')
    expect(error).toStartWith("cel evaluation error: expression 'request.nothing.here' resulted in error: ")
  })

  test('is asked only when all its conditions hold', async () => {
    const errors = createFieldErrors()
    const condition = (text: string) => compileCondition(text, 'c', errors)!
    answer = decided({ allowed: true })
    const { authorize } = authorizer({
      matchConditions: [
        condition('has(request.resourceAttributes)'),
        condition("request.resourceAttributes.verb in ['get']"),
      ],
    })
    expect((await authorize(attributes('list'))).decision).toBe('noOpinion')
    expect((await authorize(attributes('get'))).decision).toBe('allow')
    expect(asked).toHaveLength(1)
  })

  test('speaks v1beta1 where that is asked for', async () => {
    answer = decided({ allowed: true })
    await authorizer({ version: 'v1beta1' }).authorize(attributes('get'))
    expect(asked[0]?.review).toMatchObject({
      apiVersion: 'authorization.k8s.io/v1beta1',
      spec: { group: ['dev'] },
    })
  })
})

describe('a token webhook', () => {
  const tokens = (clock = new SimClock(0)) =>
    webhookTokens({
      ...{ post: connect(), version: 'v1', timeoutMs: 3_000, ttlMs: 120_000, clock, log: silentLogger },
      implicitAudiences: ['api'],
    })

  test('names the user of a token and is asked once within its time', async () => {
    const user = { username: 'robot', uid: '7', groups: ['g'], extra: { a: ['b'] } }
    answer = decided({ authenticated: true, user })
    const clock = new SimClock(0)
    const review = tokens(clock)
    expect(await review('t0ken', ['api'])).toEqual({ kind: 'user', user, audiences: ['api'] })
    expect(asked[0]?.review).toMatchObject({
      ...{ kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1' },
      spec: { token: 't0ken', audiences: ['api'] },
    })
    await review('t0ken', ['api'])
    expect(asked).toHaveLength(1)
    await clock.advance(120_000)
    await review('t0ken', ['api'])
    expect(asked).toHaveLength(2)
  })

  test('leaves what it does not know to others, and tells why a token is wrong', async () => {
    const review = tokens()
    answer = decided({ authenticated: false })
    expect(await review('a', ['api'])).toEqual({ kind: 'unknown' })
    answer = decided({ authenticated: false, error: 'expired' })
    expect(await review('b', ['api'])).toEqual({ kind: 'invalid', reason: 'expired' })
    answer = decided({ authenticated: true, user: { username: 'x' }, audiences: ['elsewhere'] })
    expect(await review('c', ['api'])).toEqual({ kind: 'unknown' })
  })
})

describe('a kubeconfig of a service', () => {
  test('may hold its files in itself', () => {
    const data = Buffer.from('PEM').toString('base64')
    const text = `clusters: [{name: c, cluster: {server: "https://x", certificate-authority-data: ${data}}}]
users: [{name: u, user: {client-certificate-data: ${data}, client-key-data: ${data}}}]`
    expect(remoteService(text, () => '')).toEqual({
      ...{ url: 'https://x', ca: 'PEM', cert: 'PEM', key: 'PEM', insecureSkipTlsVerify: false },
    })
  })

  test('shows nothing of a user to a service without TLS, as clientcmd', () => {
    const users = 'users: [{name: u, user: {token: secret}}]'
    const read = (server: string) =>
      remoteService(`clusters: [{name: c, cluster: {server: "${server}"}}]\n${users}`, () => '').token
    expect([read('http://x'), read('https://x')]).toEqual([undefined, 'secret'])
  })

  test.each([
    ['no cluster', 'users: []', 'names no cluster'],
    ['a context that is not there', 'current-context: x', 'context was not found'],
    [
      'a helper program',
      'clusters: [{name: c, cluster: {server: "https://x"}}]\nusers: [{name: u, user: {exec: {command: x}}}]',
      '"exec" are not supported',
    ],
  ])('with %s is refused by name', (_what, text, message) => {
    expect(() => remoteService(text, () => '')).toThrow(message)
  })
})
