import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Event, Service } from '../../api/types/core-v1.gen.ts'
import type { IPAddress } from '../../api/types/networking-v1.gen.ts'
import type { KubeList, KubeObject } from '../../machinery/meta/object.ts'
import { isNotFound } from '../../machinery/status/errors.ts'
import type { SimClock } from '../../std/sim-ports.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { createCacheSources } from '../cache-sources.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { repairServiceNetwork } from './repair.ts'

let server: TestServer
let clock: SimClock
let stop: AbortController
beforeEach(async () => {
  const ports = simPorts(3)
  clock = ports.clock
  stop = new AbortController()
  server = await startTestServer({ ports })
  await put('namespaces', { metadata: { name: 'default' } }, '')
  await put('servicecidrs', { metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.43.0.0/16'] } }, '')
})
afterEach(async () => {
  stop.abort()
  await server.shutdown()
})

function start() {
  const sources = createCacheSources()
  sources.bind(server.cache, stop.signal)
  const nodePorts = [30000, 32767] as const
  repairServiceNetwork({ sources, transport: server.admin, ports: server.ports, nodePorts }, stop.signal)
}

const groups: Readonly<Record<string, string>> = {
  ipaddresses: 'networking.k8s.io',
  servicecidrs: 'networking.k8s.io',
}
const of = (resource: string, namespace = 'default') => ({
  ...{ group: groups[resource] ?? '', version: 'v1', resource },
  ...(namespace && { namespace }),
})
const put = (resource: string, body: object, namespace?: string) =>
  server.admin.call({ ...of(resource, namespace), verb: 'create', body: body as KubeObject })
const service = (name: string, spec: object = {}) =>
  put('services', { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } }) as Promise<Service>
const address = async (name: string) => {
  try {
    return (await server.admin.call({ ...of('ipaddresses', ''), verb: 'get', name })) as IPAddress
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
const remove = (name: string) => server.admin.call({ ...of('ipaddresses', ''), verb: 'delete', name })
const parent = (name: string, more: object = {}) => ({
  resource: 'services',
  namespace: 'default',
  name,
  ...more,
})
const labels = {
  'ipaddress.kubernetes.io/ip-family': 'IPv4',
  'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
}
const given = (name: string, parentRef: object) =>
  put('ipaddresses', { metadata: { name, labels }, spec: { parentRef } }, '')
const said = async () => {
  const list = (await server.admin.call({ ...of('events'), verb: 'list' })) as unknown as KubeList<Event>
  return list.items.map(({ reason, message }) => `${reason}: ${message}`)
}

test('a lost IPAddress is made anew, as is one that names somebody else', async () => {
  const made = [await service('web'), await service('other')]
  const [lost, wrong] = made.map(({ spec }) => spec!.clusterIP!) as [string, string]
  await remove(lost)
  await remove(wrong)
  await given(wrong, parent('nobody'))
  start()
  await clock.advance(100)
  expect((await address(lost))?.spec?.parentRef?.name).toBe('web')
  expect((await address(wrong))?.spec?.parentRef?.name).toBe('other')
  expect((await said()).toSorted()).toEqual([
    `ClusterIPNotAllocated: Cluster IP [IPv4]: ${lost} is not allocated; repairing`,
    `ClusterIPNotAllocated: the ClusterIP [IPv4]: ${wrong} for Service default/other has a wrong reference; repairing`,
  ])
  await remove(lost)
  await clock.advance(100)
  expect(await address(lost)).toBeDefined()
})

test('an address that no Service has goes after a while, one of somebody else stays', async () => {
  start()
  await given('10.43.9.9', parent('never-made'))
  await put('ipaddresses', { metadata: { name: '10.43.9.10' }, spec: { parentRef: parent('gateway') } }, '')
  await clock.advance(30_000)
  expect(await address('10.43.9.9')).toBeDefined()
  await clock.advance(40_000)
  expect(await address('10.43.9.9')).toBeUndefined()
  expect(await address('10.43.9.10')).toBeDefined()
  expect(await said()).toContain(
    'IPAddressNotAllocated: IPAddress: 10.43.9.9 for Service default/never-made appears to have leaked: cleaning up',
  )
})

test("an address that its Service does not have, or that is no Service's, goes", async () => {
  await service('web')
  start()
  await given('10.43.9.11', parent('web'))
  await given('10.43.9.12', parent('gw', { group: 'gateway.networking.k8s.io', resource: 'gateways' }))
  await clock.advance(12_000)
  expect([await address('10.43.9.11'), await address('10.43.9.12')]).toEqual([undefined, undefined])
  const all = await said()
  expect(all).toContain(
    'IPAddressWrongReference: IPAddress: 10.43.9.11 for Service default/web has a wrong reference; cleaning up',
  )
  expect(all.some(each => each.includes('&ParentReference{Group:gateway.networking.k8s.io,'))).toBe(true)
})

test('what nobody can mend is told: ranges that are gone, ports that are no node ports any more', async () => {
  await service('web', { type: 'NodePort', ports: [{ port: 80, nodePort: 32000 }] })
  const sources = createCacheSources()
  sources.bind(server.cache, stop.signal)
  const nodePorts = [30000, 31000] as const
  repairServiceNetwork({ sources, transport: server.admin, ports: server.ports, nodePorts }, stop.signal)
  await server.admin.call({ ...of('servicecidrs', ''), verb: 'delete', name: 'kubernetes' })
  await server.admin.call({
    ...{ ...of('services'), verb: 'patch', name: 'web', patchType: 'application/merge-patch+json' },
    body: { metadata: { labels: { a: 'b' } } } as KubeObject,
  })
  await clock.advance(1_000)
  const all = await said()
  expect(all).toContain(
    'PortOutOfRange: Port 32000 is not within the port range 30000-31000; please recreate service',
  )
  expect(all.some(each => each.startsWith('ClusterIPOutOfRange: Cluster IP [IPv4]: 10.43.'))).toBe(true)
  const told = server.ports.metrics.text()
  expect(told).toMatch(/\napiserver_nodeport_repair_port_errors_total\{type="outOfRange"\} [1-9]/)
  expect(told).toMatch(/\napiserver_clusterip_repair_ip_errors_total\{type="outOfRange"\} [1-9]/)
})

test('a cluster in order is left alone', async () => {
  start()
  const { spec } = await service('web', { type: 'NodePort' })
  await clock.advance(120_000)
  expect(await address(spec!.clusterIP!)).toBeDefined()
  expect(await said()).toEqual([])
})
