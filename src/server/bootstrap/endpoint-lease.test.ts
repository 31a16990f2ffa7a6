import { expect, test } from 'bun:test'
import type { Endpoints } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import type { SimClock } from '../../std/sim-ports.ts'
import { startTestServer } from '../testing.ts'
import { maintainEndpointLease } from './endpoint-lease.ts'
import { ensureBootstrapObjects } from './objects.ts'

async function setUp() {
  const server = await startTestServer()
  const clock = server.ports.clock as SimClock
  const { cache, ports } = server
  await ensureBootstrapObjects(server.admin, {
    port: 6443,
    clusterIp: '10.43.0.1',
    serviceCidrs: ['10.43.0.0/16'],
  })
  const join = (address: string, port = 6443) => {
    const stop = new AbortController()
    const leave = maintainEndpointLease({ cache, transport: server.admin, ports, address, port }, stop.signal)
    return { leave, die: () => stop.abort() }
  }
  const read = async () => {
    const at = { version: 'v1', namespace: 'default', name: 'kubernetes', verb: 'get' } as const
    const endpoints = (await server.admin.call({
      ...at,
      group: '',
      resource: 'endpoints',
    })) as unknown as Endpoints
    const slice = (await server.admin.call({
      ...at,
      group: 'discovery.k8s.io',
      resource: 'endpointslices',
    })) as unknown as EndpointSlice
    const [subset] = endpoints.subsets ?? []
    const addresses = subset?.addresses?.map(({ ip }) => ip) ?? []
    expect(slice.endpoints?.flatMap(each => each.addresses) ?? []).toEqual(addresses)
    expect(slice.ports?.[0]?.port).toBe(subset?.ports?.[0]?.port as number)
    return { addresses, port: subset?.ports?.[0]?.port }
  }
  return { server, clock, join, read }
}

test('servers that renew their leases are the endpoints, a dead one until its lease has run out', async () => {
  const { server, clock, join, read } = await setUp()
  join('192.0.2.9')
  const dying = join('192.0.2.10')
  await clock.advance(60_000)
  expect((await read()).addresses).toEqual(['192.0.2.10', '192.0.2.9'])
  dying.die()
  await clock.advance(10_000)
  expect((await read()).addresses).toHaveLength(2)
  await clock.advance(20_000)
  expect((await read()).addresses).toEqual(['192.0.2.9'])
  await server.shutdown()
})

test('a server that leaves is gone at once, and the last one leaves nothing', async () => {
  const { server, clock, join, read } = await setUp()
  const [one, other] = [join('192.0.2.1'), join('192.0.2.2')]
  await clock.advance(15_000)
  await one.leave()
  expect((await read()).addresses).toEqual(['192.0.2.2'])
  await clock.advance(30_000)
  expect((await read()).addresses).toEqual(['192.0.2.2'])
  await other.leave()
  expect((await read()).addresses).toEqual([])
  await server.shutdown()
})

test('whoever comes last says at which port servers are, and nobody fights over it', async () => {
  const { server, clock, join, read } = await setUp()
  join('192.0.2.1', 6443)
  await clock.advance(1_000)
  join('192.0.2.2', 7443)
  await clock.advance(60_000)
  expect(await read()).toEqual({ addresses: ['192.0.2.1', '192.0.2.2'], port: 7443 })
  const revision = server.cache.revision()
  await clock.advance(10_000)
  // Two leases and nothing else.
  expect(server.cache.revision() - revision).toBe(2)
  await server.shutdown()
})
