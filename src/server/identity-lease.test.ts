import { expect, test } from 'bun:test'
import type { Lease } from '../api/types/coordination-v1.gen.ts'
import type { KubeList, KubeObject } from '../machinery/meta/object.ts'
import { simPorts } from '../std/sim-ports.ts'
import { identityOf, maintainIdentityLease } from './identity-lease.ts'
import { startTestServer } from './testing.ts'

test('a server is named as a stock one on the same host', () => {
  expect(identityOf('vm')).toBe('apiserver-wlv32tlttr4jl3gtroqexyxapa')
})

test('the lease is renewed, those of servers that are gone are removed, and leaving takes it back', async () => {
  const ports = simPorts(5)
  const server = await startTestServer({ ports })
  const call = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases', namespace: 'kube-system' }
  const put = (resource: object, body: object) =>
    server.admin.call({ ...resource, verb: 'create', body: body as KubeObject } as never)
  await put({ group: '', version: 'v1', resource: 'namespaces' }, { metadata: { name: 'kube-system' } })
  const gone = { holderIdentity: 'x', leaseDurationSeconds: 3600, renewTime: '1990-01-01T00:00:00.000000Z' }
  const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' }
  await put(call, { metadata: { name: 'apiserver-gone', labels }, spec: gone })
  await put(call, { metadata: { name: 'other' }, spec: gone })
  const leases = async () => {
    const list = (await server.admin.call({ ...call, verb: 'list' })) as unknown as KubeList<Lease>
    return list.items
  }
  const stop = new AbortController()
  const leave = maintainIdentityLease({ transport: server.admin, ports, hostname: 'vm' }, stop.signal)
  await ports.clock.advance(10)
  const [first, other] = await leases()
  expect(other?.metadata.name).toBe('other')
  expect(first?.metadata.labels).toEqual({ ...labels, 'kubernetes.io/hostname': 'vm' })
  expect(first?.spec?.holderIdentity).toStartWith(`${identityOf('vm')}_`)
  await ports.clock.advance(300_000)
  const [renewed] = await leases()
  expect(Date.parse(renewed!.spec!.renewTime!)).toBeGreaterThan(Date.parse(first!.spec!.renewTime!))
  await leave()
  expect((await leases()).map(({ metadata }) => metadata.name)).toEqual(['other'])
  stop.abort()
  await server.shutdown()
})
