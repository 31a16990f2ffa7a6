import { expect, test } from 'bun:test'
import type { KubeList } from '../../machinery/meta/object.ts'
import type { SimClock } from '../../std/sim-ports.ts'
import { startTestServer } from '../testing.ts'
import { ensureBootstrapObjects, ensureLegacyTokenTracking } from './objects.ts'

const advertised = {
  address: '192.0.2.7',
  port: 6443,
  clusterIp: '10.43.0.1',
  serviceCidrs: ['10.43.0.0/16'],
}

test('a second start with the same address writes nothing; another address is put right', async () => {
  const server = await startTestServer()
  await ensureBootstrapObjects(server.admin, advertised)
  const revision = server.cache.revision()
  await ensureBootstrapObjects(server.admin, advertised)
  expect(server.cache.revision()).toBe(revision)
  await ensureBootstrapObjects(server.admin, { ...advertised, address: '192.0.2.8' })
  const endpoints = {
    group: '',
    version: 'v1',
    resource: 'endpoints',
    namespace: 'default',
    name: 'kubernetes',
  } as const
  expect(await server.admin.call({ ...endpoints, verb: 'get' })).toMatchObject({
    subsets: [{ addresses: [{ ip: '192.0.2.8' }] }],
  })
  const all = await server.admin.call({ verb: 'list', group: '', version: 'v1', resource: 'namespaces' })
  const names = (all as unknown as KubeList).items.map(({ metadata }) => metadata.name)
  expect(names).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system'])
  await server.shutdown()
})

test('the Service kubernetes has a port on nodes when one is asked for', async () => {
  const server = await startTestServer()
  await ensureBootstrapObjects(server.admin, { ...advertised, nodePort: 30_443 })
  const at = { group: '', version: 'v1', resource: 'services', namespace: 'default' }
  expect(await server.admin.call({ ...at, verb: 'get', name: 'kubernetes' })).toMatchObject({
    spec: { type: 'NodePort', clusterIP: '10.43.0.1', ports: [{ nodePort: 30_443 }] },
  })
  await server.shutdown()
})

test('the default range of service addresses is an object and ready', async () => {
  const server = await startTestServer()
  await ensureBootstrapObjects(server.admin, advertised)
  const at = { group: 'networking.k8s.io', version: 'v1', resource: 'servicecidrs' }
  expect(await server.admin.call({ ...at, verb: 'get', name: 'kubernetes' })).toMatchObject({
    spec: { cidrs: ['10.43.0.0/16'] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  })
  await server.shutdown()
})

test('since when long-lived tokens are watched is written once, and anew when it is no date', async () => {
  const server = await startTestServer()
  await ensureBootstrapObjects(server.admin, advertised)
  const at = { group: '', version: 'v1', resource: 'configmaps', namespace: 'kube-system' } as const
  const name = 'kube-apiserver-legacy-service-account-token-tracking'
  const since = async () => {
    await ensureLegacyTokenTracking(server.admin, server.ports)
    const found = await server.admin.call({ ...at, verb: 'get', name })
    return (found as unknown as { data: { since: string } }).data.since
  }
  const first = await since()
  expect(first).toMatch(/^\d{4}-\d{2}-\d{2}$/)
  await (server.ports.clock as SimClock).advance(3 * 86_400_000)
  expect(await since()).toBe(first)
  const body = { metadata: { name }, data: { since: 'long ago' } } as never
  await server.admin.call({ ...at, verb: 'update', name, body })
  const later = await since()
  expect(later > first).toBe(true)
  await server.shutdown()
})
