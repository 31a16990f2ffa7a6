import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Deployment, ReplicaSet } from '../api/types/apps-v1.gen.ts'
import type { Node, Secret, Service } from '../api/types/core-v1.gen.ts'
import { type Client, mergePatch, strategicPatch } from '../client/client.ts'
import {
  clusterRoles,
  configMaps,
  deployments,
  endpointSlices,
  namespaces,
  nodes,
  pods,
  replicaSets,
  secrets,
  serviceAccounts,
  services,
} from './kinds.ts'
import { type ControllerTest, startControllerTest } from './testing.ts'

let client: Client
let advance: ControllerTest['advance']
let settle: ControllerTest['settle']
let end: ControllerTest['end']

beforeEach(async () => {
  ;({ client, advance, settle, end } = await startControllerTest())
})

afterEach(async () => {
  expect(await end()).toEqual([])
})

function deployment(image: string, replicas = 3, nodeName?: string): Deployment {
  const labels = { app: 'web' }
  return {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { nodeName, containers: [{ name: 'c', image }] } },
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

test('a deleted namespace takes everything in it along and is let go when it is empty', async () => {
  // A finalizer of its own keeps the namespace in sight until the end.
  const hold = { metadata: { finalizers: ['hutch.test/hold'] } }
  await client.patch(namespaces, undefined, 'shop', { type: mergePatch, body: hold })
  await client.create(deployments, deployment('v1'))
  await settle()
  await client.delete(namespaces, undefined, 'shop')
  await settle(20)
  expect((await client.list(pods, {})).items).toEqual([])
  expect((await client.list(deployments, {})).items).toEqual([])
  expect((await client.list(configMaps, { namespace: 'shop' })).items).toEqual([])
  const emptied = await client.get(namespaces, undefined, 'shop')
  expect(emptied.status?.phase).toBe('Terminating')
  expect(emptied.spec?.finalizers ?? []).toEqual([])
  expect(emptied.status?.conditions?.map(({ status }) => status)).toEqual([
    'False',
    'False',
    'False',
    'False',
    'False',
  ])
  await client.patch(namespaces, undefined, 'shop', {
    type: mergePatch,
    body: { metadata: { finalizers: null } },
  })
  expect((await client.list(namespaces, {})).items).toEqual([])
})

test('a namespace has its account and CA, a node its range, a service its endpoints, a token secret its token', async () => {
  expect(await client.get(serviceAccounts, 'shop', 'default')).toBeDefined()
  expect((await client.get(configMaps, 'shop', 'kube-root-ca.crt')).data).toEqual({ 'ca.crt': 'ROOT CA' })
  await client.create(nodes, { metadata: { name: 'n1' } } as Node)
  await client.create(services, {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { app: 'web' }, clusterIP: 'None', ports: [{ port: 80, targetPort: 8080 }] },
  } as Service)
  await client.create(deployments, deployment('v1', 2, 'n1'))
  await client.create(secrets, {
    metadata: {
      name: 'legacy',
      namespace: 'shop',
      annotations: { 'kubernetes.io/service-account.name': 'default' },
    },
    type: 'kubernetes.io/service-account-token',
  } as Secret)
  await advance(1_000)
  await settle()
  expect((await client.get(nodes, undefined, 'n1')).spec?.podCIDR).toBe('10.42.0.0/24')
  const { data } = await client.get(secrets, 'shop', 'legacy')
  expect(Buffer.from(data!.token!, 'base64').toString()).toBe('token of default')
  const slices = (await client.list(endpointSlices, { namespace: 'shop' })).items
  expect(
    slices.flatMap(slice => slice.endpoints.map(({ nodeName, conditions }) => [nodeName, conditions?.ready])),
  ).toEqual([
    ['n1', true],
    ['n1', true],
  ])
  const admin = await client.get(clusterRoles, undefined, 'admin')
  expect(admin.rules?.length).toBeGreaterThan(10)
})

test('a replica set adopts the pods that it selects and lets go of those that it does not any more', async () => {
  const labels = { app: 'web' }
  const spec = { serviceAccountName: 'default', containers: [{ name: 'c', image: 'v1' }] }
  const template = { metadata: { labels }, spec }
  await client.create(pods, { metadata: { name: 'lone', namespace: 'shop', labels }, spec })
  const owner = {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  }
  await client.create(replicaSets, owner)
  await settle(3)
  const ownersOf = async (name: string) =>
    (await client.get(pods, 'shop', name)).metadata.ownerReferences ?? []
  expect((await client.list(pods, { namespace: 'shop' })).items).toHaveLength(2)
  expect(await ownersOf('lone')).toMatchObject([
    { kind: 'ReplicaSet', name: 'web', controller: true, blockOwnerDeletion: true },
  ])

  await client.patch(pods, 'shop', 'lone', {
    type: mergePatch,
    body: { metadata: { labels: { app: 'debug' } } },
  })
  await settle(3)
  expect(await ownersOf('lone')).toEqual([])
  expect((await client.list(pods, { namespace: 'shop' })).items).toHaveLength(3)

  await client.delete(replicaSets, 'shop', 'web', { propagationPolicy: 'Orphan' })
  await settle(3)
  expect((await client.list(replicaSets, { namespace: 'shop' })).items).toEqual([])
  const left = (await client.list(pods, { namespace: 'shop' })).items
  expect(left.map(({ metadata }) => metadata.ownerReferences ?? [])).toEqual([[], [], []])
})
