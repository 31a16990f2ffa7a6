import { expect, test } from 'bun:test'
import type { ValidatingAdmissionPolicy } from '../../api/types/admissionregistration-v1.gen.ts'
import type { Deployment } from '../../api/types/apps-v1.gen.ts'
import type { Pod, ResourceQuota } from '../../api/types/core-v1.gen.ts'
import type { ServiceCIDR } from '../../api/types/networking-v1.gen.ts'
import type { PodDisruptionBudget } from '../../api/types/policy-v1.gen.ts'
import type { ClusterRole } from '../../api/types/rbac-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { clusterForEach } from '../each-cluster.testing.ts'
import {
  clusterRoles,
  configMaps,
  deployments,
  jobs,
  podDisruptionBudgets,
  pods,
  resourceQuotas,
  serviceCidrs,
  validatingAdmissionPolicies,
} from '../kinds.ts'

const cluster = clusterForEach()

const labels = { app: 'web' }
const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'v1' }] }

async function createWeb(replicas: number): Promise<void> {
  const deployment: Deployment = {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  }
  await cluster.client.create(deployments, deployment)
}

const createBudget = (limits: object) =>
  cluster.client.create(podDisruptionBudgets, {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { matchLabels: labels }, ...limits },
  })
const budget = (): Promise<PodDisruptionBudget> => cluster.client.get(podDisruptionBudgets, 'shop', 'web')
const members = async () => (await cluster.client.list(pods, { namespace: 'shop' })).items
const evict = (name: string) =>
  cluster.client.subresource(pods, {
    verb: 'create',
    namespace: 'shop',
    name,
    subresource: 'eviction',
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'shop' } },
  })

test('a budget says how many may go, and an eviction takes one of them', async () => {
  await createWeb(4)
  await createBudget({ maxUnavailable: '25%' })
  await cluster.settle(4)
  expect((await budget()).status).toMatchObject({
    expectedPods: 4,
    desiredHealthy: 3,
    currentHealthy: 4,
    disruptionsAllowed: 1,
    observedGeneration: 1,
  })
  expect((await budget()).status?.conditions).toMatchObject([{ status: 'True', reason: 'SufficientPods' }])
  const [first, second] = await members()
  await evict(first!.metadata.name!)
  await cluster.advance(100)
  expect(evict(second!.metadata.name!)).rejects.toThrow('disruption budget')
  expect((await budget()).status).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 0 })
  await cluster.settle(4)
  expect((await budget()).status?.disruptionsAllowed).toBe(1)
})

test('of pods that nobody keeps up a number may be demanded, but no share', async () => {
  await cluster.client.create(pods, {
    metadata: { name: 'lone', namespace: 'shop', labels },
    spec: { ...spec, serviceAccountName: 'default' },
  })
  await createBudget({ minAvailable: 1 })
  await cluster.settle(3)
  expect((await budget()).status).toMatchObject({ expectedPods: 1, desiredHealthy: 1, disruptionsAllowed: 0 })
})

test('a budget over pods whose controller has no size allows nothing and says why', async () => {
  const template = { metadata: { labels }, spec: { ...spec, restartPolicy: 'Never' } }
  await cluster.client.create(jobs, { metadata: { name: 'j', namespace: 'shop' }, spec: { template } })
  await createBudget({ maxUnavailable: 1 })
  await cluster.settle(3)
  expect((await budget()).status?.conditions).toMatchObject([
    { reason: 'SyncFailed', message: 'jobs.batch does not implement the scale subresource' },
  ])
})

test('a pod that was to be disrupted and was not is so no longer after two minutes', async () => {
  await createWeb(1)
  await cluster.settle(3)
  const [pod] = await members()
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: toTimestamp(cluster.server.ports.clock.nowMs()),
  }
  const body = { status: { conditions: [condition] } }
  const { name } = pod!.metadata
  await cluster.client.patch(pods, 'shop', name!, { type: strategicPatch, subresource: 'status', body })
  const marked = async () =>
    (await members())[0]!.status!.conditions!.find(({ type }) => type === condition.type)?.status
  await cluster.settle(60)
  expect(await marked()).toBe('True')
  await cluster.settle(65)
  expect(await marked()).toBe('False')
})

test('a quota shows what is used, and frees what is gone', async () => {
  const hard = { pods: '5', 'requests.cpu': '1', configmaps: '10', 'count/deployments.apps': '2' }
  await cluster.client.create(resourceQuotas, {
    metadata: { name: 'q', namespace: 'shop' },
    spec: { hard },
  } as ResourceQuota)
  const used = async () => (await cluster.client.get(resourceQuotas, 'shop', 'q')).status?.used
  await cluster.settle(2)
  expect(await used()).toEqual({
    pods: '0',
    'requests.cpu': '0',
    configmaps: '1',
    'count/deployments.apps': '0',
  })
  const container = { name: 'c', image: 'v1', resources: { requests: { cpu: '300m' } } }
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'shop' },
    spec: { nodeName: 'n1', containers: [container], serviceAccountName: 'default' },
  }
  await cluster.client.create(pods, pod)
  await cluster.client.create(configMaps, { metadata: { name: 'c', namespace: 'shop' } })
  await cluster.settle(2)
  expect(await used()).toMatchObject({ pods: '1', 'requests.cpu': '300m', configmaps: '2' })
  await cluster.settle(2, ({ status }) =>
    status?.phase === 'Succeeded' ? undefined : { phase: 'Succeeded' },
  )
  expect(await used()).toMatchObject({ pods: '0', 'requests.cpu': '0' })
  await cluster.client.delete(configMaps, 'shop', 'c')
  await cluster.settle(1)
  expect(await used()).toMatchObject({ configmaps: '1' })
})

test('a finished job goes when its time is over', async () => {
  const template = { spec: { ...spec, restartPolicy: 'Never' } }
  await cluster.client.create(jobs, {
    metadata: { name: 'j', namespace: 'shop' },
    spec: { template, ttlSecondsAfterFinished: 20 },
  })
  const succeed = ({ status }: Pod) => (status?.phase === 'Pending' ? { phase: 'Succeeded' } : undefined)
  await cluster.settle(10, succeed)
  expect((await cluster.client.list(jobs, { namespace: 'shop' })).items).toHaveLength(1)
  await cluster.settle(16, succeed)
  expect((await cluster.client.list(jobs, { namespace: 'shop' })).items).toEqual([])
  expect(await members()).toEqual([])
})

test('what upstream applies is applied, under the name that upstream applies it by', async () => {
  const policy: ValidatingAdmissionPolicy = {
    metadata: { name: 'few' },
    spec: {
      matchConstraints: {
        resourceRules: [
          { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] },
        ],
      },
      validations: [{ expression: 'object.spec.replicas <= 5' }],
    },
  }
  await cluster.client.create(validatingAdmissionPolicies, policy)
  const cidr: ServiceCIDR = { metadata: { name: 'more' }, spec: { cidrs: ['10.97.0.0/24'] } }
  await cluster.client.create(serviceCidrs, cidr)
  const role: ClusterRole = {
    metadata: { name: 'all' },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'all' } }] },
  }
  await cluster.client.create(clusterRoles, role)
  const part: ClusterRole = {
    metadata: { name: 'part', labels: { part: 'all' } },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  }
  await cluster.client.create(clusterRoles, part)
  await cluster.settle(4)
  const appliedTo = async (object: Promise<KubeObject>) =>
    (await object).metadata.managedFields
      ?.filter(({ operation }) => operation === 'Apply')
      .map(({ manager, subresource, fieldsV1 }) => [manager, subresource, Object.keys(fieldsV1 ?? {})])
  expect(await appliedTo(cluster.client.get(validatingAdmissionPolicies, undefined, 'few'))).toEqual([
    ['validatingadmissionpolicy-status', 'status', ['f:status']],
  ])
  expect(await appliedTo(cluster.client.get(serviceCidrs, undefined, 'more'))).toEqual([
    ['service-cidr-controller', 'status', ['f:status']],
  ])
  expect(await appliedTo(cluster.client.get(clusterRoles, undefined, 'all'))).toEqual([
    ['clusterrole-aggregation-controller', undefined, ['f:rules']],
  ])
})
