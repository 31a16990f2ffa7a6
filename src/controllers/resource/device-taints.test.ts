import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { ResourceClaim, ResourceSlice } from '../../api/types/resource-v1.gen.ts'
import type { DeviceTaintRule } from '../../api/types/resource-v1alpha3.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import { createObjectStore } from '../../client/object-store.ts'
import { deviceTaintRules, pods, resourceClaims, resourceSlices } from '../kinds.ts'
import { type ControllerTest, createNode, startControllerTest } from '../testing.ts'
import { newestSlices } from './device-eviction.ts'

const driver = 'gpu.example.com'
let cluster: ControllerTest
beforeEach(async () => {
  cluster = await startControllerTest(['DRADeviceTaints', 'DRADeviceTaintRules'])
  await createNode(cluster.client, 'n1')
}, 60_000)
afterEach(async () => {
  expect(await cluster.end()).toEqual([])
}, 60_000)

/** A running pod whose claim has been given a device. */
async function podWithDevice(name: string, device: string, tolerations: object[] = []): Promise<void> {
  const { client } = cluster
  const devices = { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu' } }] }
  await client.create(resourceClaims, {
    metadata: { name, namespace: 'shop' },
    spec: { devices },
  } as ResourceClaim)
  const results = [{ request: 'gpu', driver, pool: 'n1', device, tolerations }]
  await client.patch(resourceClaims, 'shop', name, {
    type: mergePatch,
    subresource: 'status',
    body: { status: { allocation: { devices: { results } } } },
  })
  await client.create(pods, {
    metadata: { name, namespace: 'shop' },
    spec: {
      ...{ nodeName: 'n1', serviceAccountName: 'default', terminationGracePeriodSeconds: 30 },
      containers: [{ name: 'c', image: 'v1' }],
      resourceClaims: [{ name: 'gpu', resourceClaimName: name }],
    },
  } as Pod)
}

const addRule = (name: string, effect: string, device?: string) =>
  cluster.client.create(deviceTaintRules, {
    metadata: { name },
    spec: { deviceSelector: { driver, ...(device && { device }) }, taint: { key: 'broken', effect } },
  } as DeviceTaintRule)
const podNamed = (name: string) => orUndefined(cluster.client.get(pods, 'shop', name))
const conditionOf = async (name: string) => {
  const rule = await cluster.client.get(deviceTaintRules, undefined, name)
  const [{ type, status, reason, message, observedGeneration } = {}] = rule.status?.conditions ?? []
  return { type, status, reason, message, observedGeneration }
}

test('a rule evicts the pods that use its devices, and says how far that is', async () => {
  await podWithDevice('hit', 'd0')
  await podWithDevice('spared', 'd1')
  await cluster.settle(3)
  await addRule('broken', 'NoExecute', 'd0')
  await cluster.advance(2_000)
  const hit = await podNamed('hit')
  expect(hit?.metadata.deletionTimestamp).toBeString()
  expect(hit?.status?.conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByDeviceTaintManager',
      message: 'Device Taint manager: deleting due to NoExecute taint',
    }),
  )
  expect((await podNamed('spared'))?.metadata.deletionTimestamp).toBeUndefined()
  await cluster.settle(25)
  expect(await podNamed('hit')).toBeUndefined()
  expect(await conditionOf('broken')).toEqual({
    type: 'EvictionInProgress',
    status: 'False',
    reason: 'Completed',
    message: '1 pod evicted since starting the controller.',
    observedGeneration: 1,
  })
  const told = cluster.server.ports.metrics.text()
  expect(told).toContain('\ndevice_taint_eviction_controller_pod_deletions_total 1\n')
})

test('a toleration puts the eviction off, and a rule that goes calls it off', async () => {
  const toleration = { key: 'broken', operator: 'Exists', effect: 'NoExecute' }
  await podWithDevice('later', 'd0', [{ ...toleration, tolerationSeconds: 60 }])
  await podWithDevice('never', 'd1', [toleration])
  await cluster.settle(3)
  await addRule('broken', 'NoExecute')
  await cluster.advance(30_000)
  expect(await conditionOf('broken')).toMatchObject({
    status: 'True',
    reason: 'PodsPendingEviction',
    message: '1 pod needs to be evicted in 1 namespace.',
  })
  await cluster.client.delete(deviceTaintRules, undefined, 'broken')
  await cluster.advance(60_000)
  expect((await podNamed('later'))?.metadata.deletionTimestamp).toBeUndefined()
  await addRule('again', 'NoExecute')
  await cluster.advance(59_000)
  expect((await podNamed('later'))?.metadata.deletionTimestamp).toBeUndefined()
  await cluster.advance(2_000)
  expect((await podNamed('later'))?.metadata.deletionTimestamp).toBeString()
  expect((await podNamed('never'))?.metadata.deletionTimestamp).toBeUndefined()
})

test('a rule without effect says what it would do', async () => {
  await podWithDevice('p', 'd0')
  await cluster.client.create(resourceSlices, {
    metadata: { name: 's' },
    spec: {
      ...{ driver, nodeName: 'n1', pool: { name: 'n1', generation: 1, resourceSliceCount: 1 } },
      devices: [{ name: 'd0' }, { name: 'd1' }],
    },
  } as never)
  await cluster.settle(3)
  await addRule('try', 'None')
  await addRule('other', 'NoSchedule')
  await cluster.advance(2_000)
  expect(await conditionOf('try')).toMatchObject({
    status: 'False',
    reason: 'NoEffect',
    message:
      '2 published devices selected. 1 allocated device selected. 1 pod would be evicted in 1 namespace if the effect was NoExecute. This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.',
  })
  expect(await conditionOf('other')).toMatchObject({
    reason: 'OtherEffect',
    message: 'Eviction only happens for the NoExecute effect.',
  })
  expect((await podNamed('p'))?.metadata.deletionTimestamp).toBeUndefined()
})

test('a slice of an older generation taints nothing any more', () => {
  const slice = (name: string, generation: number) => ({
    metadata: { name },
    spec: { driver, pool: { name: 'n1', generation, resourceSliceCount: 1 } },
  })
  const slices = createObjectStore([slice('old', 1), slice('new', 2)] as ResourceSlice[])
  expect(newestSlices(slices, `${driver}/n1`).map(({ metadata }) => metadata.name)).toEqual(['new'])
})
