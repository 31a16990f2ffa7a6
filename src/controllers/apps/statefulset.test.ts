import { expect, test } from 'bun:test'
import type { StatefulSet } from '../../api/types/apps-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { clusterForEach } from '../each-cluster.testing.ts'
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '../kinds.ts'

const cluster = clusterForEach()

type Spec = Partial<NonNullable<StatefulSet['spec']>>

async function createSet(spec: Spec = {}): Promise<void> {
  const labels = { app: 'db' }
  const set: StatefulSet = {
    metadata: { name: 'db', namespace: 'shop' },
    spec: {
      replicas: 3,
      serviceName: 'db',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'v1' }] } },
      ...spec,
    },
  }
  await cluster.client.create(statefulSets, set)
}

const volumeClaimTemplates = [
  {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
]

const change = (spec: object) =>
  cluster.client.patch(statefulSets, 'shop', 'db', { type: mergePatch, body: { spec } })
const setImage = (image: string) => change({ template: { spec: { containers: [{ name: 'c', image }] } } })
const members = async () =>
  (await cluster.client.list(pods, { namespace: 'shop' })).items.toSorted((a, b) =>
    a.metadata.name! < b.metadata.name! ? -1 : 1,
  )
const names = async () => (await members()).map(({ metadata }) => metadata.name!)
const images = async () => (await members()).map(({ spec }) => spec!.containers[0]!.image)
const claimNames = async () =>
  (await cluster.client.list(persistentVolumeClaims, { namespace: 'shop' })).items
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .map(({ metadata }) => metadata.name!)
    .toSorted()
const status = async () => (await cluster.client.get(statefulSets, 'shop', 'db')).status

test('pods come one after the other, each when the one before is ready', async () => {
  await createSet()
  await cluster.settle(1, () => undefined)
  expect(await names()).toEqual(['db-0'])
  await cluster.settle(6)
  expect(await names()).toEqual(['db-0', 'db-1', 'db-2'])
  expect(await status()).toMatchObject({
    replicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
    observedGeneration: 1,
    collisionCount: 0,
  })
})

test('a pod has the name, the host name and the labels of its number', async () => {
  await createSet({ ordinals: { start: 5 } })
  await cluster.settle(6)
  const [first] = await members()
  expect(first!.metadata).toMatchObject({
    name: 'db-5',
    generateName: 'db-',
    labels: { 'statefulset.kubernetes.io/pod-name': 'db-5', 'apps.kubernetes.io/pod-index': '5' },
  })
  expect(first!.spec).toMatchObject({ hostname: 'db-5', subdomain: 'db' })
  expect(first!.metadata.labels!['controller-revision-hash']).toBe((await status())!.updateRevision!)
})

test('all at once when that is asked for', async () => {
  await createSet({ podManagementPolicy: 'Parallel' })
  await cluster.settle(1, () => undefined)
  expect(await names()).toEqual(['db-0', 'db-1', 'db-2'])
})

test('a rollout goes from the highest number down to the partition', async () => {
  await createSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } })
  await cluster.settle(6)
  await setImage('v2')
  await cluster.settle(2)
  expect((await images()).at(-1)).toBe('v2')
  await cluster.settle(10)
  expect(await images()).toEqual(['v1', 'v2', 'v2'])
  const half = await status()
  expect(half?.currentRevision).not.toBe(half!.updateRevision!)
  expect([half?.currentReplicas, half?.updatedReplicas]).toEqual([1, 2])
  await cluster.client.delete(pods, 'shop', 'db-0')
  await cluster.settle(4)
  expect(await images()).toEqual(['v1', 'v2', 'v2'])
  await change({ updateStrategy: { rollingUpdate: { partition: 0 } } })
  await cluster.settle(6)
  expect(await images()).toEqual(['v2', 'v2', 'v2'])
  const done = await status()
  expect(done?.currentRevision).toBe(done!.updateRevision!)
  expect([done?.currentReplicas, done?.updatedReplicas]).toEqual([3, 3])
})

test('scaling down takes the highest number first and leaves the claims', async () => {
  await createSet({ volumeClaimTemplates })
  await cluster.settle(6)
  expect(await claimNames()).toEqual(['data-db-0', 'data-db-1', 'data-db-2'])
  const [first] = await members()
  expect(first!.spec!.volumes![0]).toMatchObject({
    name: 'data',
    persistentVolumeClaim: { claimName: 'data-db-0' },
  })
  await change({ replicas: 1 })
  await cluster.settle(1)
  expect((await names()).includes('db-1')).toBe(true)
  await cluster.settle(4)
  expect(await names()).toEqual(['db-0'])
  expect(await claimNames()).toEqual(['data-db-0', 'data-db-1', 'data-db-2'])
})

test('under the policy Delete claims go with the pods that are scaled away, and with the set', async () => {
  const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Delete' }
  await createSet({ volumeClaimTemplates, persistentVolumeClaimRetentionPolicy })
  await cluster.settle(8)
  await change({ replicas: 2 })
  await cluster.settle(6)
  expect(await claimNames()).toEqual(['data-db-0', 'data-db-1'])
  await cluster.client.delete(statefulSets, 'shop', 'db', { propagationPolicy: 'Background' })
  await cluster.settle(6)
  expect(await claimNames()).toEqual([])
})

test('a failed pod is made anew under its own name', async () => {
  await createSet()
  await cluster.settle(6)
  const before = (await members())[1]!.metadata.uid
  let failed = false
  const failOnce = ({ metadata }: Pod) => {
    if (failed || metadata.name !== 'db-1') return undefined
    failed = true
    return { phase: 'Failed' }
  }
  await cluster.settle(2, failOnce)
  await cluster.settle(4)
  expect(await names()).toEqual(['db-0', 'db-1', 'db-2'])
  expect((await members())[1]!.metadata.uid).not.toBe(before!)
})

test('a set on its way out gets none of the revisions back that the collector takes', async () => {
  const { client } = cluster
  await createSet({ replicas: 1 })
  await cluster.settle(3)
  const held = { metadata: { finalizers: ['example.com/wait'] } }
  await client.patch(pods, 'shop', 'db-0', { type: mergePatch, body: held })
  await client.delete(statefulSets, 'shop', 'db', { propagationPolicy: 'Foreground' })
  await cluster.settle(3)
  const revisions = await client.list(controllerRevisions, { namespace: 'shop' })
  expect(revisions.items).toEqual([])
  expect(await names()).toEqual(['db-0'])
})
