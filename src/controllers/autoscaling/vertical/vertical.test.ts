import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { VerticalPodAutoscaler } from '../../../api/autoscaling/vertical/types.ts'
import type { Deployment } from '../../../api/types/apps-v1.gen.ts'
import { mergePatch } from '../../../client/client.ts'
import { issueCa } from '../../../server/pki/issue.ts'
import { customResourceDefinitions, deployments, nodes, pods } from '../../kinds.ts'
import { type ControllerTest, createNode, startControllerTest } from '../../testing.ts'
import { verticalCheckpoints, verticalPodAutoscalers } from './kinds.ts'

const name = 'vertical-pod-autoscaler-controller'
let cluster: ControllerTest
let kubelet: Bun.Server<undefined>

beforeEach(async () => {
  cluster = await startControllerTest([], [name])
  await startKubelet()
})

afterEach(async () => {
  await kubelet.stop(true)
  expect(await cluster.end()).toEqual([])
})

/** Each container of the node's pods uses 340m and 700Mi since its start. */
async function startKubelet(): Promise<void> {
  const { clock, random } = cluster.server.ports
  const { certificate: cert, key } = await issueCa('kubelet', { random, nowMs: Date.now() })
  kubelet = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1', tls: { cert, key } },
    async fetch() {
      const nowMs = clock.nowMs()
      const { items } = await cluster.client.list(pods, {})
      const lines = items.flatMap(({ metadata }) => {
        const labels = `{container="app",namespace="${metadata.namespace}",pod="${metadata.name}"}`
        const startMs = Date.parse(metadata.creationTimestamp!)
        return [
          `container_cpu_usage_seconds_total${labels} ${(0.34 * (nowMs - startMs)) / 1000} ${nowMs}`,
          `container_memory_working_set_bytes${labels} ${700 * 1024 * 1024} ${nowMs}`,
          `container_start_time_seconds${labels} ${startMs / 1000}`,
        ]
      })
      return new Response(`${lines.join('\n')}\n`)
    },
  })
  await createNode(cluster.client, 'n1')
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
  }
  const patch = { type: mergePatch, subresource: 'status', body: { status } }
  await cluster.client.patch(nodes, undefined, 'n1', patch)
}

/** Seconds pass while the kubelet, which is outside of virtual time, has the time that it needs. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let seconds = 0; seconds < 600; seconds++) {
    const found = await look()
    if (found !== undefined) return found
    await cluster.settle(1)
    await Bun.sleep(20)
  }
  throw new Error('it did not come to be')
}

const requests = { cpu: '100m', memory: '100Mi' }
const limits = { cpu: '200m', memory: '400Mi' }
const labels = { app: 'web' }

async function deploy(updateMode?: 'InPlaceOrRecreate'): Promise<void> {
  const { client } = cluster
  const named = { name: 'web', namespace: 'shop' }
  const containers = [{ name: 'app', image: 'x', resources: { requests, limits } }]
  await client.create(deployments, {
    metadata: named,
    spec: {
      ...{ replicas: 2, selector: { matchLabels: labels } },
      template: { metadata: { labels }, spec: { nodeName: 'n1', containers } },
    },
  } as Deployment)
  await client.create(verticalPodAutoscalers, {
    metadata: named,
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      ...(updateMode && { updatePolicy: { updateMode } }),
    },
  } as VerticalPodAutoscaler)
  await cluster.settle(3)
  await cluster.advance(50_000)
}

const recommended = async () => {
  const { status } = await cluster.client.get(verticalPodAutoscalers, 'shop', 'web')
  return status?.recommendation?.containerRecommendations?.length ? status : undefined
}

test('it brings its kinds; pods are evicted, and those that follow ask for what the others used', async () => {
  const { items } = await cluster.client.list(customResourceDefinitions, {})
  expect(items.map(({ metadata }) => metadata.name)).toEqual([
    'verticalpodautoscalercheckpoints.autoscaling.k8s.io',
    'verticalpodautoscalers.autoscaling.k8s.io',
  ])
  await deploy()
  const status = await until(recommended)
  const target = { cpu: '410m', memory: '865936536' }
  expect(status.recommendation!.containerRecommendations).toMatchObject([{ containerName: 'app', target }])
  expect(status.conditions).toMatchObject([{ type: 'RecommendationProvided', status: 'True' }])
  await cluster.advance(45_000)
  const changed = await until(async () => {
    const found = (await cluster.client.list(pods, {})).items
    return found.find(({ metadata }) => metadata.annotations?.vpaUpdates)
  })
  expect(changed.spec!.containers[0]!.resources).toEqual({
    requests: target,
    limits: { cpu: '820m', memory: '3463746144' },
  })
  expect(changed.metadata.annotations).toMatchObject({
    vpaUpdates:
      'Pod resources updated by web: container 0: cpu request, memory request, cpu limit, memory limit',
    vpaObservedContainers: 'app',
  })
  const kept = await cluster.client.get(verticalCheckpoints, 'shop', 'web-app')
  expect(kept.spec).toEqual({ vpaObjectName: 'web', containerName: 'app' })
  expect(kept.status?.totalSamplesCount).toBeGreaterThan(0)
}, 120_000)

test('pods are resized where that is asked for, and stay', async () => {
  await deploy('InPlaceOrRecreate')
  await until(recommended)
  await cluster.advance(45_000)
  const resized = await until(async () => {
    const found = (await cluster.client.list(pods, {})).items
    return found.find(({ metadata }) => metadata.annotations?.vpaInPlaceUpdated === 'true')
  })
  expect(resized.spec!.containers[0]!.resources?.requests).toEqual({ cpu: '410m', memory: '865936536' })
  expect(resized.metadata.deletionTimestamp).toBeUndefined()
}, 120_000)

test('what cannot be told is told, and what an autoscaler kept goes when it is gone', async () => {
  const { client } = cluster
  const named = { name: 'lost', namespace: 'shop' }
  await client.create(verticalPodAutoscalers, {
    metadata: named,
    spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'missing' } },
  } as VerticalPodAutoscaler)
  const none = { message: 'No pods match this VPA object', reason: 'NoPodsMatched' }
  await cluster.advance(60_000)
  const { status } = await client.get(verticalPodAutoscalers, 'shop', 'lost')
  expect(status?.conditions).toMatchObject([
    {
      ...{ type: 'ConfigUnsupported', status: 'True' },
      message: 'Cannot read targetRef. Reason: Deployment shop/missing does not exist',
    },
    { type: 'NoPodsMatched', status: 'True', ...none },
    { type: 'RecommendationProvided', status: 'False', ...none },
  ])
  await client.create(verticalCheckpoints, {
    metadata: { name: 'orphan', namespace: 'shop' },
    spec: { vpaObjectName: 'gone', containerName: 'c' },
  })
  await cluster.advance(660_000)
  expect((await client.list(verticalCheckpoints, {})).items).toEqual([])
}, 120_000)
