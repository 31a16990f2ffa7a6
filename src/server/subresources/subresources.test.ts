import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Pod, Service } from '../../api/types/core-v1.gen.ts'
import type { ApiCall } from '../../client/transport.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { startTestServer, type TestServer } from '../testing.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.shutdown())

function call(verb: ApiCall['verb'], resource: string, name: string, more: Partial<ApiCall> = {}) {
  return server.admin.call({ verb, group: '', version: 'v1', resource, namespace: 'default', name, ...more })
}

const create = (resource: string, body: JsonObject, more: Partial<ApiCall> = {}) =>
  server.admin.call({
    verb: 'create',
    group: '',
    version: 'v1',
    resource,
    namespace: 'default',
    body,
    ...more,
  })

const pod = (name: string, labels = {}) => ({
  metadata: { name, labels },
  spec: { containers: [{ name: 'c', image: 'i' }] },
})
const bindTo = (name: string, node: string) =>
  call('create', 'pods', name, {
    subresource: 'binding',
    body: { metadata: { name }, target: { kind: 'Node', name: node } },
  })

test('a binding gives a pod its node once and says that it is scheduled', async () => {
  await create('pods', pod('bound'))
  await bindTo('bound', 'n1')
  const bound = (await call('get', 'pods', 'bound')) as Pod
  expect(bound.spec?.nodeName).toBe('n1')
  expect(bound.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }])
  await expect(bindTo('bound', 'n2')).rejects.toThrow(
    'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "n1"',
  )
})

const service = (name: string, spec: JsonObject = {}) => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], selector: { a: 'b' }, ...spec },
})

test('services get addresses and ports of their own, and give them back', async () => {
  const made = await Promise.all(
    ['s1', 's2', 's3'].map(name => create('services', service(name, { type: 'NodePort' }))),
  )
  const specs = made.map(each => (each as Service).spec!)
  expect(new Set(specs.map(({ clusterIP }) => clusterIP)).size).toBe(3)
  expect(new Set(specs.map(({ ports }) => ports![0]!.nodePort)).size).toBe(3)
  const [taken] = specs
  const wanted = {
    clusterIP: taken!.clusterIP!,
    type: 'NodePort',
    ports: [{ port: 80, nodePort: taken!.ports![0]!.nodePort! }],
  }
  await expect(create('services', service('s4', wanted))).rejects.toThrow('provided IP is already allocated')
  await call('delete', 'services', 's1')
  const again = (await create('services', service('s4', wanted))) as Service
  expect(again.spec?.clusterIP).toBe(taken!.clusterIP!)
})

test('a headless service and an outside address are treated as what they are', async () => {
  const headless = (await create('services', service('h', { clusterIP: 'None' }))) as Service
  expect(headless.spec?.clusterIPs).toEqual(['None'])
  await expect(create('services', service('o', { clusterIP: '192.0.2.1' }))).rejects.toThrow(
    'failed to allocate IP 192.0.2.1: the provided network does not match the current range',
  )
})

test('an eviction asks the disruption budget and takes from it', async () => {
  const running = async (name: string) => {
    await create('pods', pod(name, { app: 'e' }))
    await bindTo(name, 'n1')
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    const patchType = 'application/merge-patch+json'
    await call('patch', 'pods', name, { subresource: 'status', patchType, body: { status } })
  }
  await running('e1')
  const budgets = {
    group: 'policy',
    version: 'v1',
    resource: 'poddisruptionbudgets',
    namespace: 'default',
  } as const
  const spec = { selector: { matchLabels: { app: 'e' } }, minAvailable: 1 }
  await server.admin.call({ ...budgets, verb: 'create', body: { metadata: { name: 'b' }, spec } })
  const allow = (disruptionsAllowed: number) =>
    server.admin.call({
      ...budgets,
      verb: 'patch',
      name: 'b',
      subresource: 'status',
      patchType: 'application/merge-patch+json',
      body: {
        status: {
          observedGeneration: 1,
          disruptionsAllowed,
          desiredHealthy: 1,
          currentHealthy: 1,
          expectedPods: 1,
        },
      },
    })
  const evict = () =>
    call('create', 'pods', 'e1', { subresource: 'eviction', body: { metadata: { name: 'e1' } } })
  await allow(0)
  await expect(evict()).rejects.toThrow("Cannot evict pod as it would violate the pod's disruption budget.")
  await allow(1)
  await evict()
  const evicted = (await call('get', 'pods', 'e1')) as Pod
  expect(evicted.metadata.deletionTimestamp).toBeDefined()
  expect(evicted.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
    ...{ status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' },
  })
  expect(await server.admin.call({ ...budgets, verb: 'get', name: 'b' })).toMatchObject({
    metadata: {
      managedFields: expect.arrayContaining([expect.objectContaining({ manager: 'kube-apiserver' })]),
    },
    status: { disruptionsAllowed: 0 },
  })
})

test('deleting a namespace marks it and keeps it until its finalizer is taken off', async () => {
  const namespaces = { group: '', version: 'v1', resource: 'namespaces', name: 'going' } as const
  await server.admin.call({ ...namespaces, verb: 'create', body: { metadata: { name: 'going' } } })
  const marked = await server.admin.call({ ...namespaces, verb: 'delete' })
  expect(marked).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } })
  const body = { ...marked, spec: { finalizers: [] } }
  await server.admin.call({
    ...namespaces,
    verb: 'update',
    namespace: 'going',
    subresource: 'finalize',
    body,
  })
  await expect(server.admin.call({ ...namespaces, verb: 'get' })).rejects.toThrow(
    'namespaces "going" not found',
  )
})

test('a pod on a node is deleted gracefully, shorter on request, and at once with grace 0', async () => {
  await create('pods', pod('slow'))
  await bindTo('slow', 'n1')
  const first = await call('delete', 'pods', 'slow')
  expect(first.metadata.deletionGracePeriodSeconds).toBe(30)
  const shorter = await call('delete', 'pods', 'slow', { body: { gracePeriodSeconds: 5 } })
  expect(shorter.metadata.deletionGracePeriodSeconds).toBe(5)
  const longer = await call('delete', 'pods', 'slow', { body: { gracePeriodSeconds: 20 } })
  expect(longer.metadata.deletionGracePeriodSeconds).toBe(5)
  await call('delete', 'pods', 'slow', { body: { gracePeriodSeconds: 0 } })
  await expect(call('get', 'pods', 'slow')).rejects.toThrow('pods "slow" not found')
})

test('a review answers what the authorizer thinks', async () => {
  const body = { spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } } }
  const group = 'authorization.k8s.io'
  const answer = await server.admin.call({
    verb: 'create',
    group,
    version: 'v1',
    resource: 'selfsubjectaccessreviews',
    body,
  })
  expect(answer).toMatchObject({ status: { allowed: true } })
})
