import { afterAll, beforeAll, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { seriesValue } from '../../std/metrics.testing.ts'
import type { SimClock } from '../../std/sim-ports.ts'
import { startTestServer, type TestServer } from '../testing.ts'

let server: TestServer
let base = ''

beforeAll(async () => {
  server = await startTestServer()
  const listener = await server.listen({ host: '127.0.0.1', port: 0 })
  base = `http://127.0.0.1:${listener.port}`
}, 120_000)

afterAll(() => server.shutdown(), 120_000)

const admin = { authorization: 'Bearer admin/system:masters' }

async function metrics(): Promise<string> {
  const response = await fetch(`${base}/metrics`, { headers: admin })
  expect(response.headers.get('content-type')).toStartWith('text/plain; version=0.0.4')
  expect(response.headers.get('process-start-time-unix')).toMatch(/^\d+$/)
  return response.text()
}

const value = (text: string, series: string) => seriesValue(text, series) ?? Number.NaN

const labels = (verb: string, resource: string, scope: string) =>
  `component="apiserver",dry_run="",group="",resource="${resource}",scope="${scope}",subresource="",verb="${verb}",version="v1"`

test('requests over the wire and in process are counted by what they were, with their codes', async () => {
  const path = '/api/v1/namespaces/default/configmaps'
  const post = (name: string) =>
    fetch(`${base}${path}`, {
      method: 'POST',
      headers: { ...admin, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } }),
    }).then(response => response.text())
  await post('one')
  await post('one')
  await fetch(`${base}${path}`, { headers: admin }).then(response => response.text())
  const get = { verb: 'get', group: '', version: 'v1', resource: 'configmaps', namespace: 'default' } as const
  await server.admin.call({ ...get, name: 'one' })
  const text = await metrics()
  const total = (verb: string, scope: string, code: number) =>
    value(text, `apiserver_request_total{code="${code}",${labels(verb, 'configmaps', scope)}}`)
  expect(total('POST', 'resource', 201)).toBe(1)
  expect(total('POST', 'resource', 409)).toBe(1)
  expect(total('LIST', 'namespace', 200)).toBe(1)
  expect(total('GET', 'resource', 200)).toBe(1)
  expect(
    value(text, `apiserver_request_duration_seconds_count{${labels('POST', 'configmaps', 'resource')}}`),
  ).toBe(2)
  expect(value(text, 'apiserver_storage_objects{resource="configmaps"}')).toBe(1)
  expect(value(text, 'etcd_requests_total{group="",operation="create",resource="configmaps"}')).toBe(2)
  expect(value(text, 'etcd_request_errors_total{group="",operation="create",resource="configmaps"}')).toBe(1)
})

test('a watch is running while it runs and a request when it ended', async () => {
  const stop = new AbortController()
  const response = await fetch(`${base}/api/v1/secrets?watch=1`, { headers: admin, signal: stop.signal })
  const series = (verb: string) =>
    `{component="apiserver",group="",resource="secrets",scope="cluster",subresource="",verb="${verb}",version="v1"}`
  expect(value(await metrics(), `apiserver_longrunning_requests${series('WATCH')}`)).toBe(1)
  await server.admin.call({
    ...{ verb: 'create', group: '', version: 'v1', resource: 'secrets', namespace: 'default' },
    body: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' } },
  } as never)
  expect(
    value(await metrics(), 'apiserver_watch_events_total{group="",resource="secrets",version="v1"}'),
  ).toBe(1)
  stop.abort()
  await response.text().catch(String)
  for (let tries = 0; tries < 100; tries++) {
    const text = await metrics()
    if (value(text, `apiserver_longrunning_requests${series('WATCH')}`) !== 0) continue
    expect(value(text, `apiserver_request_total{code="200",${labels('WATCH', 'secrets', 'cluster')}}`)).toBe(
      1,
    )
    return
  }
  throw new Error('the watch never ended')
})

test('paths that nobody serves make no series', async () => {
  await fetch(`${base}/apis/nobody.example/v1/things`, { headers: admin }).then(response => response.text())
  await fetch(`${base}/nowhere`, { headers: admin }).then(response => response.text())
  const text = await metrics()
  expect(text).not.toContain('nobody.example')
  expect(text).not.toContain('nowhere')
})

test('health checks are told apart, with exclusions and their outcomes counted', async () => {
  const get = async (path: string) => {
    const response = await fetch(`${base}${path}`, { headers: admin })
    return { code: response.status, text: await response.text() }
  }
  expect(await get('/livez')).toEqual({ code: 200, text: 'ok' })
  const verbose = await get('/readyz?verbose&exclude=ping&exclude=nope')
  expect(verbose.text).toContain('[+]ping excluded: ok\n')
  expect(verbose.text).toEndWith(
    'warn: some health checks cannot be excluded: no matches for "nope"\nreadyz check passed\n',
  )
  expect((await get('/livez/nope')).code).toBe(404)
  expect((await get('/metrics/slis')).text).toContain(
    'kubernetes_healthchecks_total{name="ping",status="success",type="livez"} 1\n',
  )
})

test('who asked, what the authorizer said and what admission took are counted', async () => {
  const refused = await fetch(`${base}/api/v1/pods`, { headers: { authorization: 'Basic x' } })
  expect(refused.status).toBeLessThan(500)
  await fetch(`${base}/api/v1/pods`, { headers: admin }).then(response => response.text())
  const text = await metrics()
  expect(value(text, 'authentication_attempts{result="success"}')).toBeGreaterThan(0)
  expect(value(text, 'authentication_duration_seconds_count{result="success"}')).toBeGreaterThan(0)
  expect(value(text, 'authenticated_user_requests{username="admin"}')).toBeGreaterThan(0)
  expect(value(text, 'authorization_attempts_total{result="allowed"}')).toBeGreaterThan(0)
  const step = 'operation="CREATE",rejected="false",type="admit"'
  expect(value(text, `apiserver_admission_step_admission_duration_seconds_count{${step}}`)).toBeGreaterThan(0)
})

test('what components of the process ask is counted as of clients', async () => {
  const place = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' } as const
  await server.admin.call({ verb: 'list', ...place })
  const text = await metrics()
  const labels = 'host="in-process",method="GET"'
  expect(value(text, `rest_client_requests_total{code="200",${labels}}`)).toBeGreaterThan(0)
  expect(
    value(text, 'rest_client_request_duration_seconds_count{host="in-process",verb="GET"}'),
  ).toBeGreaterThan(0)
})

test('an API that nobody answers for is told', async () => {
  const spec = {
    ...{ group: 'gone.example.org', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 },
    service: { namespace: 'default', name: 'gone' },
  }
  const place = { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' } as const
  const body = { metadata: { name: 'v1.gone.example.org' }, spec } as never
  await server.admin.call({ verb: 'create', ...place, body })
  expect(value(await metrics(), 'aggregator_unavailable_apiservice{name="v1.gone.example.org"}')).toBe(1)
})

test('priority levels tell for how long they were how busy', async () => {
  const text = await metrics()
  const clock = server.ports.clock as SimClock
  await clock.advance(1000)
  const later = await metrics()
  const series =
    'apiserver_flowcontrol_priority_level_seat_utilization_count{phase="executing",priority_level="catch-all"}'
  expect(value(later, series) - value(text, series)).toBeGreaterThanOrEqual(1e9)
  expect(value(later, 'apiserver_flowcontrol_demand_seats_average{priority_level="catch-all"}')).toBe(0)
  expect(value(later, 'apiserver_flowcontrol_current_r{priority_level="catch-all"}')).toBe(0)
})

test('links of the chain, bodies and field validation are measured', async () => {
  const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Strict'
  const body = JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'sized' } })
  const before = await metrics()
  const response = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { ...admin, 'content-type': 'application/json' },
    body,
  })
  expect(response.status).toBe(201)
  await response.text()
  const text = await metrics()
  const grown = (series: string) => value(text, series) - (value(before, series) || 0)
  const sizes = '{group="",resource="configmaps",verb="create"}'
  expect(grown(`apiserver_request_body_size_bytes_count${sizes}`)).toBe(1)
  expect(grown(`apiserver_request_body_size_bytes_sum${sizes}`)).toBe(body.length)
  expect(grown('field_validation_request_duration_seconds_count{field_validation="Strict"}')).toBe(1)
  for (const filter of ['authentication', 'audit', 'impersonation', 'priorityandfairness', 'authorization'])
    expect(grown(`apiserver_request_filter_duration_seconds_count{filter="${filter}"}`)).toBeGreaterThan(0)
})

test('rules of custom kinds are measured when they are compiled and evaluated', async () => {
  const schema = {
    type: 'object',
    properties: { spec: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0' }] } },
  }
  const names = { plural: 'ruled', kind: 'Ruled', listKind: 'RuledList', singular: 'ruled' }
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }]
  const definitions = {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    resource: 'customresourcedefinitions',
  } as const
  const name = 'ruled.example.com'
  const spec = { group: 'example.com', scope: 'Cluster', names, versions }
  await server.admin.call({
    verb: 'create',
    ...definitions,
    body: { metadata: { name }, spec } as never,
  })
  const place = { verb: 'create', group: 'example.com', version: 'v1', resource: 'ruled' } as const
  const body = { apiVersion: 'example.com/v1', kind: 'Ruled', metadata: { name: 'r' }, spec: 1 } as never
  const isServed = () => server.registry.all().some(({ plural }) => plural === 'ruled')
  while (!isServed()) await (server.ports.clock as SimClock).advance(100)
  await server.admin.call({ ...place, body })
  const text = await metrics()
  expect(value(text, 'apiserver_cel_compilation_duration_seconds_count')).toBe(1)
  expect(value(text, 'apiserver_cel_evaluation_duration_seconds_count')).toBeGreaterThan(0)
})

test('a path is served as it was authorized: what URLs make of it is not found', async () => {
  const ask = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(base).port), '127.0.0.1', () =>
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\nConnection: close\r\n\r\n`,
        ),
      )
      let heard = ''
      socket.on('data', chunk => {
        heard += String(chunk)
      })
      socket.on('close', () => resolve(heard.slice(9, 12)))
      socket.on('error', reject)
    })
  expect(await ask('/metrics')).toBe('200')
  for (const path of [
    '/openapi/../metrics',
    '/openapi/%2e%2e/metrics',
    '/./metrics',
    '/metrics%3Fx',
    '/metrics%23x',
  ])
    expect([path, await ask(path)]).toEqual([path, '404'])
})

test('reads are told by what they looked at, and watches by what they began with', async () => {
  const read = async (path: string) => (await fetch(`${base}${path}`, { headers: admin })).text()
  const place = { group: '', version: 'v1', resource: 'pods', namespace: 'read' } as const
  for (const [name, nodeName] of [
    ['a', 'n'],
    ['b', 'm'],
  ] as const) {
    const spec = { nodeName, containers: [{ name: 'c', image: 'none' }] }
    await server.admin.call({ verb: 'create', ...place, body: { metadata: { name }, spec } as never })
  }
  const before = await metrics()
  const list = '/api/v1/namespaces/read/pods'
  await read(list)
  await read(`${list}?resourceVersion=0`)
  await read(`${list}?fieldSelector=spec.nodeName%3Dn`)
  const stop = new AbortController()
  const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  const response = await fetch(`${base}${list}?${query}`, { headers: admin, signal: stop.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  for (let heard = ''; !heard.includes('initial-events-end'); ) heard += (await reader.read()).value ?? ''
  stop.abort()
  const text = await metrics()
  const grown = (series: string) => value(text, series) - (value(before, series) || 0)
  const kind = 'group="",resource="pods"'
  const indexed = 'group="",index="f:spec.nodeName",resource="pods"'
  expect(grown('apiserver_cache_list_total{group="",index="",resource="pods"}')).toBe(2)
  expect(grown('apiserver_cache_list_fetched_objects_total{group="",index="",resource="pods"}')).toBe(4)
  expect(grown(`apiserver_cache_list_fetched_objects_total{${indexed}}`)).toBe(1)
  expect(grown(`apiserver_cache_list_returned_objects_total{${kind}}`)).toBe(5)
  const consistent = `apiserver_watch_cache_consistent_read_total{fallback="false",${kind},success="true"}`
  expect(grown(consistent)).toBe(2)
  expect(grown(`apiserver_watch_cache_read_wait_seconds_count{${kind}}`)).toBe(3)
  expect(grown(`apiserver_init_events_total{${kind}}`)).toBe(2)
  const scoped = 'group="",resource="pods",scope="namespace",version="v1"'
  expect(grown(`apiserver_watch_list_duration_seconds_count{${scoped}}`)).toBe(1)
})

test('what the cache takes, hands on and holds is told of each kind', async () => {
  const kind = '{group="",resource="podtemplates"}'
  const place = { group: '', version: 'v1', resource: 'podtemplates', namespace: 'default' } as const
  const template = { spec: { containers: [{ name: 'c', image: 'none' }] } }
  const empty = await metrics()
  expect(value(empty, `apiserver_resource_size_estimate_bytes${kind}`)).toBe(0)
  await server.admin.call({ verb: 'create', ...place, body: { metadata: { name: 't' }, template } as never })
  const one = await metrics()
  expect(value(one, `apiserver_storage_events_received_total${kind}`)).toBe(1)
  expect(value(one, `apiserver_watch_cache_events_received_total${kind}`)).toBe(1)
  expect(value(one, `apiserver_watch_cache_events_dispatched_total${kind}`)).toBe(1)
  expect(value(one, `apiserver_watch_cache_initializations_total${kind}`)).toBe(1)
  expect(value(one, `apiserver_watch_cache_resource_version${kind}`)).toBe(server.cache.revision())
  expect(value(one, `apiserver_resource_size_estimate_bytes${kind}`)).toBeGreaterThan(100)
  await server.admin.call({ verb: 'delete', ...place, name: 't' })
  expect(value(await metrics(), `apiserver_resource_size_estimate_bytes${kind}`)).toBe(0)
})

test('a write of other values of the same fields is told apart from others', async () => {
  const place = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' } as const
  const write = (data: object) =>
    server.admin.call({
      ...{ verb: 'update', name: 'timed', ...place },
      body: { metadata: { name: 'timed' }, data } as never,
    })
  await server.admin.call({
    verb: 'create',
    ...place,
    body: { metadata: { name: 'timed' }, data: { a: '1' } } as never,
  })
  const before = await metrics()
  await (server.ports.clock as SimClock).advance(2000)
  await write({ a: '1' })
  await (server.ports.clock as SimClock).advance(2000)
  await write({ a: '2' })
  await (server.ports.clock as SimClock).advance(2000)
  await write({ b: '2' })
  const text = await metrics()
  const compared = (path: string) => {
    const series = `apiserver_request_timestamp_comparison_time_count{code_path="${path}"}`
    return value(text, series) - (value(before, series) || 0)
  }
  expect([compared('unequal_objects_slow'), compared('unequal_objects_fast')]).toEqual([1, 2])
})

test('whoever may delete starts the counters anew, and every other method reads', async () => {
  const ask = async (method: string) => {
    const response = await fetch(`${base}/metrics`, { method, headers: admin })
    return { type: response.headers.get('content-type'), text: await response.text() }
  }
  expect((await ask('POST')).text).toContain('apiserver_request_total{')
  expect(await ask('DELETE')).toEqual({ type: 'text/plain; charset=utf-8', text: 'metrics reset\n' })
  const one = labels('POST', 'configmaps', 'resource')
  expect(seriesValue(await metrics(), `apiserver_request_total{code="201",${one}}`) ?? 0).toBe(0)
})
