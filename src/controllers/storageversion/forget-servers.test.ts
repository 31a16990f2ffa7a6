import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Lease } from '../../api/types/coordination-v1.gen.ts'
import type { StorageVersion } from '../../api/types/internal-v1alpha1.gen.ts'
import { orUndefined } from '../../client/failure.ts'
import { tellStorageVersions } from '../../server/storage-versions.ts'
import { leases, namespaces, storageVersions } from '../kinds.ts'
import { type ControllerTest, startControllerTest } from '../testing.ts'

let cluster: ControllerTest
beforeAll(async () => {
  cluster = await startControllerTest(['StorageVersionAPI'])
  await cluster.client.create(namespaces, { metadata: { name: 'kube-system' } })
}, 120_000)
afterAll(() => cluster.end(), 120_000)

const lease = (name: string): Lease => ({
  metadata: {
    ...{ namespace: 'kube-system', name },
    labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' },
  },
})
const tell = (serverId: string) => {
  const { admin: transport, ports, registry } = cluster.server
  return tellStorageVersions({ transport, ports, registry, serverId })
}
const read = (name: string): Promise<StorageVersion | undefined> =>
  orUndefined(cluster.client.get(storageVersions, undefined, name))

test('servers tell in which version they store what, and are forgotten with their leases', async () => {
  const { client, advance } = cluster
  await client.create(leases, lease('one'))
  await client.create(leases, lease('two'))
  await tell('one')
  await tell('two')
  await advance(5_000)
  const autoscalers = await read('autoscaling.horizontalpodautoscalers')
  expect(autoscalers?.status).toMatchObject({
    commonEncodingVersion: 'autoscaling/v2',
    conditions: [{ type: 'AllEncodingVersionsEqual', status: 'True', reason: 'CommonEncodingVersionSet' }],
  })
  expect(autoscalers?.status?.storageVersions).toEqual(
    ['one', 'two'].map(apiServerID => ({
      ...{ apiServerID, encodingVersion: 'autoscaling/v2' },
      decodableVersions: ['autoscaling/v2', 'autoscaling/v1'],
      servedVersions: ['autoscaling/v2', 'autoscaling/v1'],
    })),
  )
  expect((await read('core.pods'))?.status?.commonEncodingVersion).toBe('v1')
  await client.delete(leases, 'kube-system', 'one')
  await advance(10_000)
  expect((await read('core.pods'))?.status?.storageVersions?.map(each => each.apiServerID)).toEqual(['two'])
  await client.delete(leases, 'kube-system', 'two')
  await advance(10_000)
  expect(await read('core.pods')).toBeUndefined()
}, 60_000)

test('what is told in the name of nobody goes', async () => {
  await tell('stranger')
  await cluster.advance(10_000)
  expect(await read('core.pods')).toBeUndefined()
}, 60_000)
