import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { builtinKind } from '../../api/schema/index.ts'
import { metaSchema } from '../../api/schema/meta-schema.ts'
import { encodeProtobuf } from '../../machinery/codec/index.ts'
import { type SimClock, settle } from '../../std/sim-ports.ts'
import type { RequestInfo } from '../context.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import type { AuditEvent } from './event.ts'
import { evaluatePolicy, parseAuditPolicy } from './policy.ts'

const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n'

const policy = parseAuditPolicy(`${head}
omitStages: [Panic]
rules:
- { level: None, users: [quiet] }
- { level: Metadata, resources: [{ group: "", resources: [secrets] }] }
- { level: Request, verbs: [delete], omitStages: [RequestReceived] }
- { level: RequestResponse, omitManagedFields: true, resources: [{ group: "", resources: [configmaps, "pods/*"] }] }
- { level: Request, nonResourceURLs: ["/version*"] }
- { level: None, nonResourceURLs: ["*"] }
- { level: Metadata, userGroups: [dev] }
`)

describe('a policy', () => {
  const info = (more: Partial<RequestInfo>): RequestInfo => ({
    ...{ isResourceRequest: true, path: '', verb: 'get', group: '', version: 'v1', resource: 'pods' },
    ...{ subresource: '', namespace: 'default', name: '' },
    ...more,
  })
  const jane = { username: 'jane', groups: ['dev'] }
  const level = (more: Partial<RequestInfo>, user = jane) => evaluatePolicy(policy, user, info(more)).level
  const page = (path: string) => ({ isResourceRequest: false, path, resource: '' })

  test('the first rule that matches decides, without one nothing is written', () => {
    expect(level({ resource: 'secrets' })).toBe('Metadata')
    expect(level({ resource: 'secrets' }, { username: 'quiet', groups: [] })).toBe('None')
    expect(level({ subresource: 'exec' })).toBe('RequestResponse')
    expect(level(page('/version'))).toBe('Request')
    expect(level(page('/healthz'))).toBe('None')
    expect(level({})).toBe('RequestResponse')
    expect(level({ resource: 'nodes' })).toBe('Metadata')
    expect(level({ resource: 'nodes' }, { username: 'tom', groups: [] })).toBe('None')
    expect(evaluatePolicy(policy, undefined, info({ resource: 'nodes' })).level).toBe('None')
  })

  test('stages that the policy and the rule omit add up', () => {
    expect(evaluatePolicy(policy, jane, info({ verb: 'delete' })).omitStages).toEqual([
      'Panic',
      'RequestReceived',
    ])
  })

  test('what is wrong with it is told in upstream words', () => {
    const wrong = (rules: string) => () => parseAuditPolicy(`${head}${rules}`)
    expect(wrong('rules: []')).toThrow('loaded illegal policy with 0 rules')
    expect(wrong('rules: [{ level: Some }]')).toThrow(
      'rules[0].level: Unsupported value: "Some": supported values: "None", "Metadata", "Request", "RequestResponse"',
    )
    expect(wrong('rules: [{ level: None, nonResourceURLs: ["a*b"] }]')).toThrow(
      "non-resource URL rules must begin with a '/' character",
    )
    expect(wrong('rules: [{ level: None, omitStages: [Never] }]')).toThrow(
      'allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
    )
    expect(wrong('rules: [{ level: None, word: 1 }]')).toThrow('unknown field "rules[0].word"')
  })
})

describe('requests are written down', () => {
  let server: TestServer
  let base = ''
  const events: AuditEvent[] = []

  beforeAll(async () => {
    server = await startTestServer({
      auditing: { policy: () => policy, sink: event => void events.push(event) },
      mount: routes =>
        routes.get('/version/boom', () => {
          throw new Error('boom')
        }),
    })
    const listener = await server.listen({ host: '127.0.0.1', port: 0 })
    base = `http://127.0.0.1:${listener.port}`
  }, 120_000)
  afterAll(() => server.shutdown(), 120_000)

  const ask = async (path: string, init: RequestInit = {}, token = 'jane/dev') => {
    events.length = 0
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers }
    const response = await fetch(`${base}${path}`, { ...init, headers })
    await response.text()
    for (let turn = 0; turn < 50 && !events.some(({ stage }) => stage !== 'RequestReceived'); turn++)
      await settle()
    return response
  }
  const stages = () => events.map(({ stage }) => stage)
  const last = () => events.at(-1) as unknown as Record<string, unknown>

  test('with request and answer, without managed fields, under the id that the client gave', async () => {
    const body = JSON.stringify({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'a' },
      data: { x: '1' },
    })
    const path = '/api/v1/namespaces/default/configmaps?fieldManager=me'
    const response = await ask(path, { method: 'POST', body, headers: { 'audit-id': 'one' } })
    expect(response.headers.get('audit-id')).toBe('one')
    expect(stages()).toEqual(['RequestReceived', 'ResponseComplete'])
    const { responseObject, ...event } = last()
    expect(event).toMatchObject({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      auditID: 'one',
      requestURI: path,
      verb: 'create',
      user: { username: 'jane', groups: ['dev', 'system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      objectRef: { resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { kind: 'ConfigMap', data: { x: '1' } },
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    })
    expect(responseObject).toMatchObject({ kind: 'ConfigMap', data: { x: '1' }, metadata: { name: 'a' } })
    expect(JSON.stringify(responseObject)).not.toContain('managedFields')
  })

  test('a level of Metadata tells no content, a failure tells its status', async () => {
    const body = JSON.stringify({
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: 'S' },
      stringData: { k: 'hidden' },
    })
    await ask('/api/v1/namespaces/default/secrets', { method: 'POST', body })
    expect(JSON.stringify(events)).not.toContain('hidden')
    expect(last().responseStatus).toMatchObject({ status: 'Failure', reason: 'Invalid', code: 422 })
  })

  test('what clients send as protobuf is told too, of subresources and of options', async () => {
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const bindingBody = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } }
    const encoded = (group: string, kind: string, object: object) =>
      encodeProtobuf(builtinKind(group, 'v1', kind), { kind, apiVersion: 'v1', ...object })
    const body = encoded('', 'Binding', bindingBody)
    await ask('/api/v1/namespaces/default/pods/p/binding', { method: 'POST', body, headers })
    expect(last().requestObject).toMatchObject({ kind: 'Binding', apiVersion: 'v1', ...bindingBody })
    const options = encodeProtobuf(metaSchema('DeleteOptions'), {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds: 3,
    })
    await ask('/api/v1/namespaces/default/configmaps/none', { method: 'DELETE', body: options, headers })
    expect(last().requestObject).toEqual({
      kind: 'DeleteOptions',
      apiVersion: 'meta.k8s.io/__internal',
      gracePeriodSeconds: 3,
    })
  })

  test('a body that nobody read is not told, and no name is longer than it may be', async () => {
    const path = '/api/v1/namespaces/default/configmaps'
    await ask(path, { method: 'POST', body: '{', headers: { 'user-agent': 'x'.repeat(2_000) } })
    expect(last()).toMatchObject({ responseStatus: { code: 400 }, level: 'RequestResponse' })
    expect(last().requestObject).toBeUndefined()
    expect(last().userAgent).toBe(`${'x'.repeat(1_024)}...TRUNCATED`)
  })

  test('omitted stages are omitted, users that nobody watches are not watched', async () => {
    await ask('/api/v1/namespaces/default/configmaps/a', { method: 'DELETE' })
    expect(stages()).toEqual(['ResponseComplete'])
    expect(last().responseStatus).toMatchObject({ status: 'Success', code: 200, details: { name: 'a' } })
    events.length = 0
    await fetch(`${base}/api/v1/pods`, { headers: { authorization: 'Bearer quiet' } }).then(each =>
      each.text(),
    )
    expect(events).toEqual([])
  })

  test('a watch starts and completes, an impersonated user is named beside the real one', async () => {
    const path = '/api/v1/configmaps?watch=1&timeoutSeconds=1&resourceVersion=0'
    const headers = { 'impersonate-user': 'tom' }
    const watched = ask(path, { headers })
    while (events.length < 2) await settle()
    await (server.ports.clock as SimClock).advance(1_000)
    await watched
    while (events.length < 3) await settle()
    expect(stages()).toEqual(['RequestReceived', 'ResponseStarted', 'ResponseComplete'])
    expect(last().user).toMatchObject({ username: 'jane' })
    expect(last().impersonatedUser).toMatchObject({ username: 'tom' })
  }, 120_000)

  test('a failure of our own and a stranger are told as such', async () => {
    const page = await ask('/version/boom')
    expect(page.status).toBe(500)
    expect(last()).toMatchObject({ stage: 'RequestReceived' })
    events.length = 0
    const everything = parseAuditPolicy(`${head}rules: [{ level: Metadata }]`)
    const strict = await startTestServer({
      authenticator: () => undefined,
      auditing: { policy: () => everything, sink: event => void events.push(event) },
    })
    const { port } = await strict.listen({ host: '127.0.0.1', port: 0 })
    await fetch(`http://127.0.0.1:${port}/api`, { headers: { authorization: 'Bearer x' } }).then(each =>
      each.text(),
    )
    await strict.shutdown()
    const told = events.filter(({ verb }) => verb === 'get') as unknown as Record<string, unknown>[]
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      stage: 'ResponseStarted',
      user: {},
      responseStatus: { code: 401, message: 'Authentication failed, attempted: bearer' },
    })
  })

  test('what must be written down and cannot be is not done', async () => {
    const everything = parseAuditPolicy(`${head}rules: [{ level: Metadata }]`)
    const strict = await startTestServer({
      auditing: { policy: () => everything, sink: async ({ verb }) => verb !== 'create' },
    })
    const { port } = await strict.listen({ host: '127.0.0.1', port: 0 })
    const path = `http://127.0.0.1:${port}/api/v1/namespaces/default/configmaps`
    const headers = { authorization: 'Bearer jane/dev', 'content-type': 'application/json' }
    const body = JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'unseen' } })
    const refused = await fetch(path, { method: 'POST', headers, body })
    expect(refused.status).toBe(500)
    expect(await refused.text()).toContain('failed to store audit event')
    expect((await fetch(`${path}/unseen`, { headers })).status).toBe(404)
    await strict.shutdown()
  })
})
