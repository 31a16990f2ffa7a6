import { expect, test } from 'bun:test'
import type { KubeList } from '../../machinery/meta/object.ts'
import { startTestServer } from '../testing.ts'
import { ensureBootstrapObjects } from './objects.ts'

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
