import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { resourceMetrics } from '../../api/metrics/resource-metrics.ts'
import type { Transport } from '../../client/transport.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { realPorts } from '../../std/real-ports.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { issueCa } from '../pki/issue.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { parseReading } from './exposition.ts'
import { type NodeReading, type Point, usageBetween } from './point.ts'
import { createSampler } from './sampler.ts'

test('a reading is made of the lines that kubelets write; what lacks a part is left out', () => {
  const text = `# HELP container_cpu_usage_seconds_total [STABLE] Cumulative
container_cpu_usage_seconds_total{container="app",namespace="default",pod="web"} 1.5 1700000000123
container_memory_working_set_bytes{container="app",namespace="default",pod="web"} 2.048e+06 1700000000123
container_start_time_seconds{container="app",namespace="default",pod="web"} 1.6999999e+09
container_cpu_usage_seconds_total{container="new",namespace="default",pod="web"} 1
node_cpu_usage_seconds_total 100.25 1700000000456
node_memory_working_set_bytes 4096 1700000000456
`
  const { node, pods } = parseReading(text, 42)
  expect(node).toEqual({ cpuSeconds: 100.25, memoryBytes: 4096, atMs: 1_700_000_000_456 })
  expect([...pods.get('default/web')!]).toEqual([
    ['app', { cpuSeconds: 1.5, memoryBytes: 2_048_000, atMs: 1_700_000_000_123, startMs: 1_699_999_900_000 }],
  ])
})

describe('usage between two readings', () => {
  const point = (atMs: number, cpuSeconds: number, startMs = 0): Point => ({
    ...{ atMs, cpuSeconds, startMs, memoryBytes: 7 },
  })
  test('is the growth over the time between', () => {
    expect(usageBetween(point(10_000, 1), point(12_000, 1.5))).toEqual({
      ...{ atMs: 12_000, windowMs: 2_000, cpuCores: 0.25, memoryBytes: 7 },
    })
  })
  test('of a container that was restarted meanwhile counts from its start, once it is old enough', () => {
    expect(usageBetween(point(10_000, 9), point(25_000, 1, 15_000))).toMatchObject({
      ...{ windowMs: 10_000, cpuCores: 0.1 },
    })
    expect(usageBetween(point(10_000, 9), point(24_000, 1, 15_000))).toBeUndefined()
    expect(usageBetween(undefined, point(30_000, 2, 10_000))?.cpuCores).toBe(0.1)
  })
  test('of two readings at one time is unknown', () => {
    expect(usageBetween(point(5_000, 1), point(5_000, 1))).toBeUndefined()
  })
})

describe('sampler', () => {
  const empty: NodeReading = { pods: new Map() }
  const open = (answer: (node: string) => Promise<NodeReading>) => {
    const ports = simPorts(1)
    const asked: number[] = []
    const scrape = (node: string) => {
      asked.push(ports.clock.monotonicMs())
      return answer(node)
    }
    return { clock: ports.clock, sampler: createSampler(scrape, ports), asked }
  }

  test('a first look takes two readings a second apart, many at once share them', async () => {
    const { clock, sampler, asked } = open(async () => ({ ...empty }))
    const reads = [sampler.read('n1'), sampler.read('n1')]
    await clock.advance(1_000)
    const [one, other] = await Promise.all(reads)
    expect(one).toBe(other!)
    expect(asked.map(at => at - asked[0]!)).toEqual([0, 1_000])
  })

  test('nobody asks: nothing is read; a later look compares with the one before', async () => {
    const { clock, sampler, asked } = open(async () => ({ ...empty }))
    const first = sampler.read('n1')
    await clock.advance(1_000)
    const { now } = (await first)!
    await clock.advance(10_000)
    expect((await sampler.read('n1'))?.now).toBe(now)
    await clock.advance(50_000)
    expect(asked.length).toBe(2)
    expect((await sampler.read('n1'))?.before).toBe(now)
    expect(asked.length).toBe(3)
    await clock.advance(100_000)
    const late = sampler.read('n1')
    await clock.advance(1_000)
    await late
    expect(asked.length).toBe(5)
  })

  test('a kubelet that does not answer is absent, and asked again the next time', async () => {
    let isUp = false
    const { clock, sampler } = open(async () => {
      if (!isUp) throw new Error('down')
      return { ...empty }
    })
    expect(await sampler.read('n1')).toBeUndefined()
    isUp = true
    const read = sampler.read('n1')
    await clock.advance(1_000)
    expect(await read).toBeDefined()
  })
})

describe('metrics.k8s.io', () => {
  let server: TestServer
  let transport: Transport
  let kubelet: Bun.Server<undefined>
  let seconds = 0
  const objects = { group: '', version: 'v1' }
  const metrics = { group: 'metrics.k8s.io', version: 'v1beta1' }

  beforeAll(async () => {
    const ports = realPorts()
    const { certificate: cert, key } = await issueCa('kubelet', {
      ...{ random: ports.random, nowMs: ports.clock.nowMs() },
    })
    kubelet = Bun.serve({
      ...{ port: 0, hostname: '127.0.0.1', tls: { cert, key } },
      fetch(request) {
        if (new URL(request.url).pathname !== '/metrics/resource') return new Response('', { status: 404 })
        seconds++
        const at = 1_700_000_000_000 + seconds * 2_000
        const of = (container: string) => `{container="${container}",namespace="default",pod="web"}`
        const lines = ['app', 'side'].flatMap(name => [
          `container_cpu_usage_seconds_total${of(name)} ${seconds * 0.2} ${at}`,
          `container_memory_working_set_bytes${of(name)} 1048576 ${at}`,
        ])
        lines.push(
          `node_cpu_usage_seconds_total ${seconds} ${at}`,
          `node_memory_working_set_bytes 2048 ${at}`,
        )
        return new Response(`${lines.join('\n')}\n`)
      },
    })
    server = await startTestServer({ ports })
    for (const resource of resourceMetrics) server.registry.add(resource)
    transport = server.admin
    const create = (resource: string, body: object, namespace?: string) =>
      transport.call({
        ...{ ...objects, verb: 'create', resource, body: body as KubeObject },
        ...(namespace && { namespace }),
      })
    const status = async (resource: string, object: KubeObject, value: object) =>
      transport.call({
        ...{ ...objects, verb: 'update', resource, subresource: 'status', name: object.metadata.name! },
        ...(object.metadata.namespace && { namespace: object.metadata.namespace }),
        body: { ...object, status: value } as KubeObject,
      })
    for (const [name, port] of [
      ['n1', kubelet.port],
      ['n2', 1],
    ] as const) {
      const node = await create('nodes', { metadata: { name, labels: { disk: name } } })
      await status('nodes', node, {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: port } },
      })
    }
    await create('namespaces', { metadata: { name: 'default' } })
    for (const name of ['web', 'idle']) {
      const spec = { nodeName: 'n1', containers: [{ name: 'app', image: 'x' }] }
      const pod = await create('pods', { metadata: { name, labels: { app: name } }, spec }, 'default')
      await status('pods', pod, { phase: name === 'web' ? 'Running' : 'Pending' })
    }
  }, 120_000)
  afterAll(async () => {
    await kubelet.stop(true)
    await server.shutdown()
  }, 120_000)

  const items = async (call: object) => {
    const list = await transport.call({ ...metrics, verb: 'list', resource: 'pods', ...call } as never)
    return (list as unknown as { items: KubeObject[] }).items
  }

  test('nodes tell what was measured; one whose kubelet is away is absent, not zero', async () => {
    const nodes = await items({ resource: 'nodes' })
    expect(nodes).toMatchObject([
      {
        kind: 'NodeMetrics',
        metadata: { name: 'n1', labels: { disk: 'n1' } },
        window: '2s',
        usage: { cpu: '500m', memory: '2Ki' },
      },
    ])
    expect(await items({ resource: 'nodes', options: { labelSelector: 'disk=n2' } })).toEqual([])
    const gone = transport.call({ ...metrics, verb: 'get', resource: 'nodes', name: 'n2' })
    await expect(gone).rejects.toThrow('nodemetrics.metrics.k8s.io "n2" not found')
    const none = transport.call({ ...metrics, verb: 'get', resource: 'nodes', name: 'n9' })
    await expect(none).rejects.toThrow('nodes "n9" not found')
  })

  test('pods tell each container, by label and name; a pod that does not run is not there', async () => {
    const all = await items({ namespace: 'default' })
    expect(all).toMatchObject([
      {
        metadata: { name: 'web', namespace: 'default' },
        containers: [
          { name: 'app', usage: { cpu: '100m', memory: '1Mi' } },
          { name: 'side', usage: { cpu: '100m', memory: '1Mi' } },
        ],
      },
    ])
    expect((await items({ options: { labelSelector: 'app=web' } })).length).toBe(1)
    expect(await items({ options: { labelSelector: 'app=other' } })).toEqual([])
    const idle = transport.call({
      ...metrics,
      verb: 'get',
      resource: 'pods',
      namespace: 'default',
      name: 'idle',
    })
    await expect(idle).rejects.toThrow('pods "idle" not found')
  })
})
