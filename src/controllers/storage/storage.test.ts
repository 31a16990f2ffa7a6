import { expect, test } from 'bun:test'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import type { StorageClass } from '../../api/types/storage-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import { clusterForEach } from '../each-cluster.testing.ts'
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../kinds.ts'

const cluster = clusterForEach()

const createVolume = (name: string, storage: string, spec: Partial<PersistentVolume['spec']> = {}) =>
  cluster.client.create(persistentVolumes, {
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/srv' },
      ...spec,
    },
  } as PersistentVolume)
const createClaim = (name: string, storage: string, spec: Partial<PersistentVolumeClaim['spec']> = {}) =>
  cluster.client.create(persistentVolumeClaims, {
    metadata: { name, namespace: 'shop' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...spec },
  } as PersistentVolumeClaim)
const volume = (name: string) => orUndefined(cluster.client.get(persistentVolumes, undefined, name))
const claim = (name: string) => orUndefined(cluster.client.get(persistentVolumeClaims, 'shop', name))

test('a claim gets the smallest volume that is large enough', async () => {
  await createVolume('large', '10Gi')
  await createVolume('right', '2Gi')
  await createVolume('small', '1Gi')
  await cluster.advance(1_000)
  await createClaim('data', '2Gi')
  await cluster.advance(1_000)
  const bound = await claim('data')
  expect(bound?.spec?.volumeName).toBe('right')
  expect(bound?.status).toEqual({
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '2Gi' },
  })
  expect(bound?.metadata.annotations).toEqual({
    'pv.kubernetes.io/bind-completed': 'yes',
    'pv.kubernetes.io/bound-by-controller': 'yes',
  })
  expect((await volume('right'))?.spec?.claimRef).toMatchObject({ name: 'data', uid: bound!.metadata.uid })
  expect((await volume('right'))?.status?.phase).toBe('Bound')
  expect((await volume('large'))?.status?.phase).toBe('Available')
})

test('of two claims for one volume one waits, until there is another volume', async () => {
  await createClaim('a', '1Gi')
  await createClaim('b', '1Gi')
  await createVolume('one', '1Gi')
  await cluster.advance(1_000)
  const phases = async () => [(await claim('a'))?.status?.phase, (await claim('b'))?.status?.phase]
  expect((await phases()).toSorted()).toEqual(['Bound', 'Pending'])
  await createVolume('two', '1Gi')
  await cluster.advance(1_000)
  expect(await phases()).toEqual(['Bound', 'Bound'])
})

test('a volume that names a claim is kept for it', async () => {
  await createVolume('kept', '5Gi', { claimRef: { namespace: 'shop', name: 'mine' } })
  await cluster.advance(500)
  await createClaim('other', '1Gi')
  await createClaim('mine', '1Gi')
  await cluster.advance(1_000)
  expect((await claim('other'))?.status?.phase).toBe('Pending')
  expect((await claim('mine'))?.spec?.volumeName).toBe('kept')
})

test('a claim of a class that waits for its first consumer is left to the scheduler', async () => {
  const late: StorageClass = {
    metadata: { name: 'late' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  }
  await cluster.client.create(storageClasses, late)
  await createVolume('v', '1Gi', { storageClassName: 'late' })
  await createClaim('data', '1Gi', { storageClassName: 'late' })
  await cluster.advance(1_000)
  expect((await claim('data'))?.status?.phase).toBe('Pending')
  const { uid } = (await claim('data'))!.metadata
  const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data', uid }
  await cluster.client.patch(persistentVolumes, undefined, 'v', {
    type: mergePatch,
    body: { spec: { claimRef } },
  })
  await cluster.advance(1_000)
  expect((await claim('data'))?.status?.phase).toBe('Bound')
})

test('a claim of an outside provisioner says whose turn it is', async () => {
  await cluster.client.create(storageClasses, {
    metadata: { name: 'out' },
    provisioner: 'example.com/disk',
  } as StorageClass)
  await createClaim('data', '1Gi', { storageClassName: 'out' })
  await cluster.advance(1_000)
  expect((await claim('data'))?.metadata.annotations).toMatchObject({
    'volume.kubernetes.io/storage-provisioner': 'example.com/disk',
  })
})

test('a claim goes after its last pod, its volume is released or fails to be deleted', async () => {
  await createVolume('retained', '1Gi')
  await createVolume('deleted', '2Gi', { persistentVolumeReclaimPolicy: 'Delete' })
  await cluster.advance(500)
  await createClaim('a', '1Gi')
  await createClaim('b', '2Gi')
  const user: Pod = {
    metadata: { name: 'user', namespace: 'shop' },
    spec: {
      nodeName: 'n1',
      serviceAccountName: 'default',
      containers: [{ name: 'c', image: 'v1' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'a' } }],
    },
  }
  await cluster.client.create(pods, user)
  await cluster.settle(2)
  await cluster.client.delete(persistentVolumeClaims, 'shop', 'a')
  await cluster.client.delete(persistentVolumeClaims, 'shop', 'b')
  await cluster.settle(2)
  expect((await claim('a'))?.metadata.deletionTimestamp).toBeDefined()
  expect(await claim('b')).toBeUndefined()
  expect((await volume('deleted'))?.status?.phase).toBe('Failed')
  await cluster.client.delete(persistentVolumes, undefined, 'retained')
  await cluster.settle(2)
  expect(await volume('retained')).toBeDefined()
  await cluster.client.delete(pods, 'shop', 'user')
  await cluster.settle(3)
  expect(await claim('a')).toBeUndefined()
  expect(await volume('retained')).toBeUndefined()
})

test('a claim whose volume is taken away is lost', async () => {
  await createVolume('v', '1Gi')
  await cluster.advance(500)
  await createClaim('data', '1Gi')
  await cluster.advance(1_000)
  await cluster.client.delete(persistentVolumes, undefined, 'v')
  const finalizers = { metadata: { finalizers: null } }
  await cluster.client.patch(persistentVolumes, undefined, 'v', { type: mergePatch, body: finalizers })
  await cluster.advance(1_000)
  expect((await claim('data'))?.status?.phase).toBe('Lost')
})

test('a pod with an ephemeral volume has a claim of its own, which goes with it', async () => {
  const volumeClaimTemplate = {
    metadata: { labels: { kind: 'scratch' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  await cluster.client.create(pods, {
    metadata: { name: 'p', namespace: 'shop' },
    spec: {
      nodeName: 'n1',
      serviceAccountName: 'default',
      containers: [{ name: 'c', image: 'v1' }],
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate } }],
    },
  } as Pod)
  await cluster.settle(1)
  expect((await claim('p-scratch'))?.metadata).toMatchObject({
    labels: { kind: 'scratch' },
    ownerReferences: [{ kind: 'Pod', name: 'p', controller: true }],
  })
  await cluster.client.delete(pods, 'shop', 'p')
  await cluster.settle(3)
  expect(await claim('p-scratch')).toBeUndefined()
})
