import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Deployment, ReplicaSet } from '../api/types/apps-v1.gen.ts'
import type { Namespace, Pod } from '../api/types/core-v1.gen.ts'
import { type Client, createClient, strategicPatch } from '../client/client.ts'
import { toTimestamp } from '../client/timestamp.ts'
import { runControllers } from '../controller/run.ts'
import { startTestServer, type TestServer } from '../server/testing.ts'
import type { SimClock } from '../std/sim-ports.ts'
import { controllerTable } from './index.ts'
import { deployments, namespaces, pods, replicaSets } from './kinds.ts'

let server: TestServer
let client: Client
let stop: AbortController
let running: Promise<void>

beforeEach(async () => {
  server = await startTestServer()
  client = createClient(server.admin)
  stop = new AbortController()
  await client.create(namespaces, { metadata: { name: 'shop' } } as Namespace)
  const table = controllerTable({ catalog: server.registry })
  const options = { transportFor: () => server.admin, informerTransport: server.admin }
  running = runControllers(table, options)(server.ports, stop.signal)
  await advance(100)
})

afterEach(async () => {
  stop.abort()
  await running
  await server.shutdown()
})

async function advance(ms: number): Promise<void> {
  await (server.ports.clock as SimClock).advance(ms)
}

/** Stands in for scheduler and kubelet: pods run and are ready, deleted pods end. */
async function settle(rounds = 12): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await advance(1_000)
    for (const pod of (await client.list(pods, {})).items) {
      const { name, namespace } = pod.metadata
      if (pod.metadata.deletionTimestamp)
        await client.delete(pods, namespace, name!, { gracePeriodSeconds: 0 })
      else if (pod.status?.phase !== 'Running') await ready(pod)
    }
  }
}

async function ready({ metadata }: Pod): Promise<void> {
  const lastTransitionTime = toTimestamp(server.ports.clock.nowMs())
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }]
  const body = { status: { phase: 'Running', podIP: '10.1.0.9', podIPs: [{ ip: '10.1.0.9' }], conditions } }
  await client.patch(pods, metadata.namespace, metadata.name!, {
    type: strategicPatch,
    subresource: 'status',
    body,
  })
}

function deployment(image: string, replicas = 3): Deployment {
  const labels = { app: 'web' }
  return {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } },
    },
  }
}

const sizes = async () =>
  (await client.list(replicaSets, { namespace: 'shop' })).items.map(({ spec }: ReplicaSet) => spec?.replicas)
const images = async () =>
  (await client.list(pods, { namespace: 'shop' })).items.map(({ spec }) => spec?.containers[0]?.image)

test('a deployment makes its pods, scales, rolls to a new image and goes with everything that it made', async () => {
  await client.create(deployments, deployment('v1'))
  await settle()
  expect(await images()).toEqual(['v1', 'v1', 'v1'])
  const rolled = await client.get(deployments, 'shop', 'web')
  expect(rolled.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1')
  expect(rolled.status).toMatchObject({
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    observedGeneration: 1,
  })
  expect(rolled.status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
    ['Available', 'MinimumReplicasAvailable'],
    ['Progressing', 'NewReplicaSetAvailable'],
  ])

  await client.patch(deployments, 'shop', 'web', { type: strategicPatch, body: { spec: { replicas: 5 } } })
  await settle()
  expect(await sizes()).toEqual([5])

  const template = { spec: { containers: [{ name: 'c', image: 'v2' }] } }
  await client.patch(deployments, 'shop', 'web', { type: strategicPatch, body: { spec: { template } } })
  await settle(30)
  expect(await images()).toEqual(['v2', 'v2', 'v2', 'v2', 'v2'])
  expect((await sizes()).toSorted()).toEqual([0, 5])

  await client.delete(deployments, 'shop', 'web', { propagationPolicy: 'Foreground' })
  await settle()
  expect((await client.list(deployments, {})).items).toEqual([])
  expect((await client.list(replicaSets, {})).items).toEqual([])
  expect((await client.list(pods, {})).items).toEqual([])
})

test('a deleted namespace takes everything in it along', async () => {
  await client.create(deployments, deployment('v1'))
  await settle()
  await client.delete(namespaces, undefined, 'shop')
  await settle()
  expect((await client.list(pods, {})).items).toEqual([])
  expect((await client.list(namespaces, {})).items.map(({ metadata }) => metadata.name)).not.toContain('shop')
})
