import { expect, test } from 'bun:test'
import type { Lease } from '../api/types/coordination-v1.gen.ts'
import { simPorts } from '../std/sim-ports.ts'
import { createClient } from './client.ts'
import { runWithLeadership } from './leases.ts'
import { FakeTransport, fakeFailure } from './testing.ts'

function setUp() {
  const transport = new FakeTransport()
  const ports = simPorts()
  const leading: string[] = []
  const candidate = (identity: string) => {
    const stop = new AbortController()
    const lead = async (signal: AbortSignal) => {
      leading.push(identity)
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
      leading.splice(leading.indexOf(identity), 1)
    }
    const options = { client: createClient(transport), ports, name: 'kube-controller-manager', identity }
    const done = runWithLeadership(options, lead, stop.signal)
    return { stop, done }
  }
  const lease = () => transport.object('leases', 'kube-system/kube-controller-manager') as Lease
  return { transport, ports, leading, candidate, lease }
}

test('one leads, and the other follows at once when the lease is given up', async () => {
  const { ports, leading, candidate, lease } = setUp()
  const first = candidate('a')
  await ports.clock.advance(100)
  const second = candidate('b')
  await ports.clock.advance(60_000)
  expect(leading).toEqual(['a'])
  first.stop.abort()
  await first.done
  await ports.clock.advance(5_000)
  expect(leading).toEqual(['b'])
  expect(lease().spec).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15, leaseTransitions: 1 })
  second.stop.abort()
  await second.done
})

test('a leader that cannot renew stops before another may start, and comes back later', async () => {
  const { transport, ports, leading, candidate } = setUp()
  const only = candidate('a')
  await ports.clock.advance(100)
  for (let tries = 0; tries < 8; tries++)
    transport.failNext('get', fakeFailure(503, 'ServiceUnavailable', 'down'))
  await ports.clock.advance(9_000)
  expect(leading).toEqual(['a'])
  await ports.clock.advance(3_000)
  expect(leading).toEqual([])
  await ports.clock.advance(30_000)
  expect(leading).toEqual(['a'])
  only.stop.abort()
  await only.done
})

test('a holder that is silent for its lease duration is replaced, whatever its clock says', async () => {
  const { transport, ports, leading, candidate } = setUp()
  const spec = { holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '2099-01-01T00:00:00.000000Z' }
  transport.put('leases', {
    metadata: { name: 'kube-controller-manager', namespace: 'kube-system' },
    spec,
  } as Lease)
  const next = candidate('b')
  await ports.clock.advance(14_000)
  expect(leading).toEqual([])
  await ports.clock.advance(10_000)
  expect(leading).toEqual(['b'])
  next.stop.abort()
  await next.done
})
