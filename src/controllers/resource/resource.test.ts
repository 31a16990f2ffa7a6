import { expect, test } from 'bun:test'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { ResourceClaim, ResourceClaimTemplate } from '../../api/types/resource-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { clusterForEach } from '../each-cluster.testing.ts'
import { pods, resourceClaims, resourceClaimTemplates } from '../kinds.ts'

const cluster = clusterForEach()

const devices = { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }] }
const claims = async () => (await cluster.client.list(resourceClaims, { namespace: 'shop' })).items
const createPod = (claim: object, nodeName?: string) =>
  cluster.client.create(pods, {
    metadata: { name: 'p', namespace: 'shop' },
    spec: {
      ...(nodeName && { nodeName }),
      serviceAccountName: 'default',
      containers: [{ name: 'c', image: 'v1' }],
      resourceClaims: [{ name: 'gpu', ...claim }],
    },
  } as Pod)

test('a pod’s claim is made from its template, named in its status, and goes when the pod has ended', async () => {
  await createPod({ resourceClaimTemplateName: 'gpu' }, 'n1')
  await cluster.advance(500)
  expect(await claims()).toEqual([])
  await cluster.client.create(resourceClaimTemplates, {
    metadata: { name: 'gpu', namespace: 'shop' },
    spec: { metadata: { labels: { kind: 'gpu' } }, spec: { devices } },
  } as ResourceClaimTemplate)
  await cluster.advance(30_000)
  const [claim, ...others] = await claims()
  expect(others).toEqual([])
  expect(claim!.metadata).toMatchObject({
    generateName: 'p-gpu-',
    labels: { kind: 'gpu' },
    annotations: { 'resource.kubernetes.io/pod-claim-name': 'gpu' },
    ownerReferences: [{ kind: 'Pod', name: 'p', controller: true }],
  })
  const pod = await cluster.client.get(pods, 'shop', 'p')
  expect(pod.status?.resourceClaimStatuses).toEqual([
    { name: 'gpu', resourceClaimName: claim!.metadata.name },
  ])
  await cluster.settle(2, ({ status }) => (status?.phase === 'Pending' ? { phase: 'Succeeded' } : undefined))
  expect(await claims()).toEqual([])
})

test('an allocated claim is reserved for a bound pod and freed after it', async () => {
  await cluster.client.create(resourceClaims, {
    metadata: { name: 'shared', namespace: 'shop', finalizers: ['resource.kubernetes.io/delete-protection'] },
    spec: { devices },
  } as ResourceClaim)
  const allocation = {
    devices: { results: [{ request: 'gpu', driver: 'd.example.com', pool: 'n1', device: 'd0' }] },
  }
  await cluster.client.patch(resourceClaims, 'shop', 'shared', {
    type: mergePatch,
    subresource: 'status',
    body: { status: { allocation } },
  })
  await createPod({ resourceClaimName: 'shared' }, 'n1')
  await cluster.advance(1_000)
  const shared = async () => (await claims())[0]!
  expect((await shared()).status?.reservedFor).toMatchObject([{ resource: 'pods', name: 'p' }])
  await cluster.client.delete(pods, 'shop', 'p')
  await cluster.settle(2)
  expect((await shared()).status?.reservedFor).toBeUndefined()
  expect((await shared()).status?.allocation).toBeUndefined()
  expect((await shared()).metadata.finalizers ?? []).toEqual([])
})
