import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.gen.ts'
import { type SimClock, settle } from '../../std/sim-ports.ts'
import { createCacheSources } from '../cache-sources.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { maintainFlowObjects } from './maintain.ts'
import { flowSources } from './serve.ts'

let server: TestServer
let base = ''
const stop = new AbortController()
const slow: PromiseWithResolvers<void>[] = []

beforeAll(async () => {
  server = await startTestServer({
    mount: routes =>
      routes.get('/slow', async c => {
        const wait = Promise.withResolvers<void>()
        slow.push(wait)
        await wait.promise
        return c.text('done')
      }),
  })
  const sources = createCacheSources()
  sources.bind(server.cache, stop.signal)
  const { ports, admin: transport } = server
  await maintainFlowObjects({ transport, ports, ...flowSources(sources) }, stop.signal)
  const listener = await server.listen({ host: '127.0.0.1', port: 0 })
  base = `http://127.0.0.1:${listener.port}`
}, 120_000)

afterAll(async () => {
  stop.abort()
  await server.shutdown()
}, 120_000)

const api = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1' } as const

async function get<T>(resource: string, name: string): Promise<T> {
  return (await server.admin.call({ ...api, verb: 'get', resource, name })) as T
}

const schema = (name: string) => get<FlowSchema>('flowschemas', name)
const level = (name: string) => get<PriorityLevelConfiguration>('prioritylevelconfigurations', name)
const ask = (path: string, token: string) =>
  fetch(`${base}${path}`, { headers: { authorization: `Bearer ${token}` } })

test('answers say by uid which objects decided', async () => {
  const answer = await ask('/api/v1/namespaces/none', 'jane')
  expect(answer.status).toBe(404)
  expect(answer.headers.get('x-kubernetes-pf-flowschema-uid')).toBe(
    (await schema('global-default')).metadata.uid!,
  )
  expect(answer.headers.get('x-kubernetes-pf-prioritylevel-uid')).toBe(
    (await level('global-default')).metadata.uid!,
  )
})

test('every bootstrap schema tells that its level exists, one that does not is told', async () => {
  for (const name of ['exempt', 'catch-all', 'system-node-high']) {
    expect((await schema(name)).status?.conditions?.[0]).toMatchObject({
      type: 'Dangling',
      status: 'False',
      reason: 'Found',
    })
  }
  const spec = { ...(await schema('probes')).spec!, priorityLevelConfiguration: { name: 'nowhere' } }
  const body = {
    kind: 'FlowSchema',
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    metadata: { name: 'dang' },
    spec,
  }
  await server.admin.call({ ...api, verb: 'create', resource: 'flowschemas', body } as never)
  await (server.ports.clock as SimClock).advance(0)
  for (let turn = 0; turn < 20 && !(await schema('dang')).status?.conditions; turn++) await settle()
  expect((await schema('dang')).status?.conditions?.[0]).toMatchObject({
    status: 'True',
    reason: 'NotFound',
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "nowhere" but there is no such object',
  })
})

test('deleted and changed bootstrap objects come back, those that a user took over stay', async () => {
  const patch = (resource: string, name: string, body: object) =>
    server.admin.call({
      ...api,
      verb: 'patch',
      resource,
      name,
      body,
      patchType: 'application/merge-patch+json',
    } as never)
  const taken = { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } } }
  const matched = { spec: { matchingPrecedence: 777 } }
  await patch('flowschemas', 'service-accounts', taken)
  await patch('flowschemas', 'service-accounts', matched)
  await patch('flowschemas', 'probes', matched)
  await patch('prioritylevelconfigurations', 'exempt', { spec: { exempt: { lendablePercent: 20 } } })
  await server.admin.call({
    ...api,
    verb: 'delete',
    resource: 'prioritylevelconfigurations',
    name: 'system',
  } as never)
  for (let turn = 0; turn < 50 && (await schema('probes')).spec?.matchingPrecedence !== 2; turn++)
    await settle()
  expect((await schema('probes')).spec?.matchingPrecedence).toBe(2)
  expect((await schema('service-accounts')).spec?.matchingPrecedence).toBe(777)
  expect((await level('exempt')).spec?.exempt?.lendablePercent).toBe(20)
  expect((await level('system')).metadata.annotations).toEqual({
    'apf.kubernetes.io/autoupdate-spec': 'true',
  })
})

test('a request without a seat is sent away with a plain page, and the debug pages tell what runs', async () => {
  const limitResponse = { type: 'Reject' }
  const limited = { nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse }
  const body = {
    kind: 'PriorityLevelConfiguration',
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    metadata: { name: 'none' },
    spec: { type: 'Limited', limited },
  }
  await server.admin.call({ ...api, verb: 'create', resource: 'prioritylevelconfigurations', body } as never)
  const rules = [
    {
      subjects: [{ kind: 'User', user: { name: 'tom' } }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    },
  ]
  const own = { matchingPrecedence: 5, priorityLevelConfiguration: { name: 'none' }, rules }
  await server.admin.call({
    ...{ ...api, verb: 'create', resource: 'flowschemas' },
    body: {
      kind: 'FlowSchema',
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      metadata: { name: 'toms' },
      spec: own,
    },
  } as never)
  // Of a level without queues one is let in while nobody else is.
  const first = ask('/slow', 'tom')
  while (slow.length === 0) await ask('/livez', 'jane')
  const refused = await ask('/slow', 'tom')
  expect([refused.status, await refused.text()]).toEqual([
    429,
    'Too many requests, please try again later.\n',
  ])
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(refused.headers.get('x-kubernetes-pf-flowschema-uid')).toBe((await schema('toms')).metadata.uid!)
  const held = ask('/slow', 'admin/system:masters')
  while (slow.length < 2) await ask('/livez', 'jane')
  const debug = '/debug/api_priority_and_fairness'
  const levels = await (await ask(`${debug}/dump_priority_levels`, 'admin/system:masters')).text()
  expect(levels.split('\n')[0]).toBe(
    'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests',
  )
  expect(levels).toContain(
    'none,              0,            false,  false,       0,               1,                 1,                  1,                0,                0\n',
  )
  const requests = await (
    await ask(`${debug}/dump_requests?includeRequestDetails=1`, 'admin/system:masters')
  ).text()
  expect(requests).toMatch(/\nexempt, +exempt, +-1, +-1, .*admin, +get, +\/slow, /)
  expect((await (await ask(`${debug}/dump_queues`, 'admin/system:masters')).text()).split('\n')).toHaveLength(
    530,
  )
  for (const each of slow) each.resolve()
  expect(await (await held).text()).toBe('done')
  expect(await (await first).text()).toBe('done')
})
