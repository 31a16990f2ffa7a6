import { expect, test } from 'bun:test'
import type { DaemonSet } from '../../api/types/apps-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { clusterForEach } from '../each-cluster.testing.ts'
import { controllerRevisions, daemonSets, nodes, pods } from '../kinds.ts'
import { createNode, readyStatus } from '../testing.ts'
import { targetNode } from './daemonset-nodes.ts'

const cluster = clusterForEach(async cluster => {
  for (const name of ['n1', 'n2', 'n3']) await createNode(cluster.client, name, { disk: 'ssd' })
})

function daemonSet(updateStrategy?: NonNullable<DaemonSet['spec']>['updateStrategy']): DaemonSet {
  const labels = { app: 'agent' }
  const containers = [{ name: 'c', image: 'v1' }]
  return {
    metadata: { name: 'agent', namespace: 'shop' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { nodeSelector: { disk: 'ssd' }, containers } },
      ...(updateStrategy && { updateStrategy }),
    },
  } as DaemonSet
}

const daemons = async () => (await cluster.client.list(pods, { namespace: 'shop' })).items
const placed = async () => (await daemons()).map(pod => targetNode(pod)).toSorted()
const current = () => cluster.client.get(daemonSets, 'shop', 'agent')
const setImage = (image: string) =>
  cluster.client.patch(daemonSets, 'shop', 'agent', {
    type: mergePatch,
    body: { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } },
  })
const revisions = async () =>
  (await cluster.client.list(controllerRevisions, { namespace: 'shop' })).items
    .map(({ revision }) => revision)
    .toSorted()

test('there is one daemon on every node that fits, and none on one that does not fit any more', async () => {
  await cluster.client.create(daemonSets, daemonSet())
  await cluster.settle(4)
  expect(await placed()).toEqual(['n1', 'n2', 'n3'])
  const body = { metadata: { labels: { disk: 'tape' } } }
  await cluster.client.patch(nodes, undefined, 'n3', { type: mergePatch, body })
  await createNode(cluster.client, 'n4', { disk: 'ssd' })
  await cluster.settle(4)
  expect(await placed()).toEqual(['n1', 'n2', 'n4'])
  expect((await current()).status).toMatchObject({
    desiredNumberScheduled: 3,
    currentNumberScheduled: 3,
    numberReady: 3,
    numberAvailable: 3,
    updatedNumberScheduled: 3,
    numberMisscheduled: 0,
    observedGeneration: 1,
  })
})

test('a daemon tolerates node problems and is told its node by name', async () => {
  await cluster.client.create(daemonSets, daemonSet())
  await cluster.settle(2)
  const [pod] = await daemons()
  expect(pod!.spec!.tolerations!.map(({ key }) => key)).toContain('node.kubernetes.io/unschedulable')
  expect(pod!.metadata.labels).toMatchObject({ 'pod-template-generation': '1' })
  expect(pod!.metadata.labels!['controller-revision-hash']).toBeDefined()
})

test('a rollout replaces one daemon after the other, a rollback takes up the old revision', async () => {
  await cluster.client.create(daemonSets, daemonSet())
  await cluster.settle(4)
  await setImage('v2')
  let missingMost = 0
  for (let round = 0; round < 15; round++) {
    await cluster.settle(1)
    const ready = (await daemons()).filter(pod => pod.status?.phase === 'Running')
    missingMost = Math.max(missingMost, 3 - ready.length)
  }
  expect(missingMost).toBe(1)
  expect((await daemons()).map(({ spec }) => spec!.containers[0]!.image)).toEqual(['v2', 'v2', 'v2'])
  expect(await revisions()).toEqual([1, 2])
  await setImage('v1')
  await cluster.settle(15)
  expect((await daemons()).map(({ spec }) => spec!.containers[0]!.image)).toEqual(['v1', 'v1', 'v1'])
  expect(await revisions()).toEqual([2, 3])
})

test('a revision is kept as Go writes it, and a copy of it is left to whoever made it', async () => {
  await cluster.client.create(daemonSets, daemonSet())
  await cluster.settle(4)
  const list = async () => (await cluster.client.list(controllerRevisions, { namespace: 'shop' })).items
  const [revision] = await list()
  const text = JSON.stringify(revision!.data)
  expect(text).toStartWith(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"agent"}},"spec":{',
  )
  const { name: _, uid: __, resourceVersion: ___, ...metadata } = revision!.metadata
  await cluster.client.create(controllerRevisions, {
    ...revision!,
    metadata: { ...metadata, name: 'copy' },
    revision: 7,
  })
  await cluster.settle(1)
  expect(await list()).toHaveLength(2)
})

test('with a surge the new daemon comes before the old one goes', async () => {
  const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 }
  await cluster.client.create(daemonSets, daemonSet({ type: 'RollingUpdate', rollingUpdate }))
  await cluster.settle(4)
  await setImage('v2')
  let fewest = 3
  for (let round = 0; round < 15; round++) {
    await cluster.settle(1)
    const ready = (await daemons()).filter(pod => pod.status?.phase === 'Running')
    fewest = Math.min(fewest, ready.length)
  }
  expect(fewest).toBe(3)
  expect((await daemons()).map(({ spec }) => spec!.containers[0]!.image)).toEqual(['v2', 'v2', 'v2'])
})

test('with OnDelete old daemons stay until somebody deletes them', async () => {
  await cluster.client.create(daemonSets, daemonSet({ type: 'OnDelete' }))
  await cluster.settle(4)
  await setImage('v2')
  await cluster.settle(6)
  expect((await current()).status?.updatedNumberScheduled).toBeUndefined()
  await cluster.client.delete(pods, 'shop', (await daemons())[0]!.metadata.name!)
  await cluster.settle(6)
  expect((await current()).status?.updatedNumberScheduled).toBe(1)
})

test('a failed daemon is replaced, and each time later', async () => {
  await cluster.client.create(daemonSets, daemonSet())
  let failed = 0
  const fate = (pod: Pod) => {
    if (pod.status?.phase !== 'Pending') return undefined
    if (targetNode(pod) !== 'n1') return readyStatus(cluster.server.ports.clock.nowMs())
    failed++
    return { phase: 'Failed' }
  }
  await cluster.settle(30, fate)
  expect(failed).toBeGreaterThan(2)
  expect(failed).toBeLessThan(8)
})
