import { expect, test } from 'bun:test'
import type { Endpoints } from '../../api/types/core-v1.gen.ts'
import type { SimClock } from '../../std/sim-ports.ts'
import { startTestServer } from '../testing.ts'
import { countedAddresses, maintainCountedEndpoint } from './endpoint-count.ts'
import { ensureBootstrapObjects } from './objects.ts'

test.each([
  [[], 'b', 1, ['b']],
  [['a'], 'b', 2, ['a', 'b']],
  [['a', 'c'], 'b', 2, ['a', 'b']],
  [['a', 'b'], 'c', 2, ['b', 'c']],
  [['a', 'b', 'c', 'd'], 'b', 2, ['a', 'b']],
  [['b', 'a'], 'a', 2, ['a', 'b']],
])('beside %p %p of %i servers are %p', (present, own, count, expected) => {
  expect(countedAddresses(present, own, count)).toEqual(expected)
})

test('servers that are counted are all endpoints, a dead one too, until another one takes its place', async () => {
  const server = await startTestServer()
  const clock = server.ports.clock as SimClock
  const { cache, ports } = server
  await ensureBootstrapObjects(server.admin, {
    ...{ port: 6443, clusterIp: '10.43.0.1', serviceCidrs: ['10.43.0.0/16'] },
  })
  const join = (address: string) => {
    const stop = new AbortController()
    const options = { cache, ports, transport: server.admin, address, port: 6443, count: 2 }
    return { leave: maintainCountedEndpoint(options, stop.signal), die: () => stop.abort() }
  }
  const addresses = async () => {
    const at = { version: 'v1', namespace: 'default', name: 'kubernetes', verb: 'get' } as const
    const found = await server.admin.call({ ...at, group: '', resource: 'endpoints' })
    return (found as unknown as Endpoints).subsets?.flatMap(each => each.addresses?.map(({ ip }) => ip))
  }
  const [one, other] = [join('192.0.2.1'), join('192.0.2.3')]
  await clock.advance(30_000)
  expect(await addresses()).toEqual(['192.0.2.1', '192.0.2.3'])
  other.die()
  await clock.advance(60_000)
  expect(await addresses()).toEqual(['192.0.2.1', '192.0.2.3'])
  const third = join('192.0.2.2')
  await clock.advance(30_000)
  expect(await addresses()).toEqual(['192.0.2.1', '192.0.2.2'])
  await third.leave()
  expect(await addresses()).toEqual(['192.0.2.1'])
  one.die()
  await server.shutdown()
})
