import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createClient } from '../../client/client.ts'
import { FakeTransport } from '../../client/testing.ts'
import { seriesValue } from '../../std/metrics.testing.ts'
import { createMetrics } from '../../std/metrics.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { createProxy } from '../proxy.ts'
import { serveProxyMetrics } from './server.ts'

const ports = simPorts(3)
const api = new FakeTransport()
const metrics = createMetrics()
const stop = new AbortController()
const refusals: string[] = []
const forgotten: string[] = []
const writer = {
  async apply() {
    const refusal = refusals.pop()
    if (refusal !== undefined) throw new Error(refusal)
  },
  async forgetFlows(_: string, serviceIp: string, endpointIp: string) {
    forgotten.push(`${serviceIp} ${endpointIp}`)
    return 3
  },
}
let proxy: Promise<void>

const value = (series: string) => seriesValue(metrics.text(), `kubeproxy_${series}`)

function putService(name: string, more: object = {}): void {
  const spec = { clusterIP: '10.43.0.9', ports: [{ port: 53, protocol: 'UDP' }], ...more }
  api.put('services', { metadata: { namespace: 'default', name }, spec } as never)
}

function putSlice(service: string, ip: string, triggeredMs?: number): void {
  const annotations = triggeredMs !== undefined && {
    annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': new Date(triggeredMs).toISOString() },
  }
  api.put('endpointslices', {
    metadata: {
      ...{ namespace: 'default', name: service, labels: { 'kubernetes.io/service-name': service } },
      ...annotations,
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 5353, protocol: 'UDP' }],
    endpoints: [{ addresses: [ip], nodeName: 'other', conditions: { ready: true } }],
  } as never)
}

beforeAll(async () => {
  proxy = createProxy({ client: createClient(api), nodeName: 'n1', writer, metrics })(ports, stop.signal)
  await ports.clock.advance(1_000)
}, 60_000)
afterAll(async () => {
  stop.abort()
  await ports.clock.advance(1_000)
  await proxy
}, 60_000)

const family = '{ip_family="IPv4"}'

test('the first round writes all, later ones what has changed', async () => {
  expect(value(`sync_full_proxy_rules_duration_seconds_count${family}`)).toBe(1)
  expect(value(`sync_partial_proxy_rules_duration_seconds_count${family}`)).toBeUndefined()
  putService('dns')
  await ports.clock.advance(1_000)
  expect(value(`sync_partial_proxy_rules_duration_seconds_count${family}`)).toBe(1)
  expect(value(`sync_proxy_rules_duration_seconds_count${family}`)).toBe(2)
  expect(value('sync_proxy_rules_service_changes_total')).toBe(1)
  expect(value('sync_proxy_rules_service_changes_pending')).toBe(0)
  const synced = value(`sync_proxy_rules_last_timestamp_seconds${family}`)!
  expect(synced).toBeGreaterThanOrEqual(value(`sync_proxy_rules_last_queued_timestamp_seconds${family}`)!)
})

test('a change of endpoints is timed from what brought it about to its rules', async () => {
  putSlice('dns', '10.42.0.5', ports.clock.nowMs() - 60_000)
  await ports.clock.advance(1_000)
  expect(value(`network_programming_duration_seconds_count${family}`)).toBeUndefined()
  putSlice('dns', '10.42.0.6', ports.clock.nowMs() - 500)
  await ports.clock.advance(1_000)
  expect(value(`network_programming_duration_seconds_count${family}`)).toBe(1)
  expect(value(`network_programming_duration_seconds_sum${family}`)).toBeGreaterThanOrEqual(0.5)
  expect(value('sync_proxy_rules_endpoint_changes_total')).toBe(2)
  expect(value('sync_proxy_rules_endpoint_changes_pending')).toBe(0)
})

test('flows of endpoints that are gone are counted', () => {
  expect(forgotten).toEqual(['10.43.0.9 10.42.0.5'])
  expect(value(`conntrack_reconciler_deleted_entries_total${family}`)).toBe(3)
  expect(value(`conntrack_reconciler_sync_duration_seconds_count${family}`)).toBe(1)
})

test('what the kernel refuses is counted, and written as a whole afterwards', async () => {
  refusals.push('busy')
  putService('dns', { internalTrafficPolicy: 'Local' })
  await ports.clock.advance(5_000)
  expect(value(`sync_proxy_rules_nftables_sync_failures_total${family}`)).toBe(1)
  expect(value(`sync_full_proxy_rules_duration_seconds_count${family}`)).toBe(2)
  const lacking = (policy: string) =>
    value(`sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="${policy}"}`)
  expect([lacking('internal'), lacking('external')]).toEqual([1, 0])
})

test('all of it is told over HTTP, with the mode and the health', async () => {
  const taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = taken
  taken.stop(true)
  const end = new AbortController()
  const serving = serveProxyMetrics(metrics, { host: '127.0.0.1', port })(simPorts(4), end.signal)
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return { code: answer.status, text: await answer.text() }
  }
  const isUp = () =>
    ask('/healthz').then(
      ({ text }) => text === 'ok',
      () => false,
    )
  while (!(await isUp())) await Bun.sleep(20)
  expect(await ask('/proxyMode')).toEqual({ code: 200, text: 'nftables' })
  expect((await ask('/metrics')).text).toContain(
    '# TYPE kubeproxy_sync_proxy_rules_duration_seconds histogram\n',
  )
  expect((await ask('/else')).code).toBe(404)
  end.abort()
  await serving
})

test('an address that is taken is tried again', async () => {
  const taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const own = simPorts(5)
  const end = new AbortController()
  const serving = serveProxyMetrics(metrics, { host: '127.0.0.1', port: taken.port })(own, end.signal)
  const isServed = () =>
    fetch(`http://127.0.0.1:${taken.port}/proxyMode`).then(
      ({ status }) => status === 200,
      () => false,
    )
  taken.stop(true)
  while (!(await isServed())) {
    await own.clock.advance(5_000)
    await Bun.sleep(20)
  }
  end.abort()
  await serving
})
