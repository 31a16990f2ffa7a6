import { describe, expect, test } from 'bun:test'
import type { Namespace } from '../../api/types/core-v1.gen.ts'
import type { Catalog, ServedResource } from '../../client/catalog.ts'
import { fakeFailure } from '../../client/testing.ts'
import { startControllers } from '../../controller/testing.ts'
import type { KubeObject, OwnerReference } from '../../machinery/meta/object.ts'
import { namespaces } from '../kinds.ts'
import { garbageCollector } from './garbage-collector.ts'
import { namespaceController } from './namespace.ts'

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'watch']
const kinds: ServedResource[] = [
  { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true, verbs },
  { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet', namespaced: true, verbs },
  { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true, verbs },
  { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false, verbs },
]

function testCatalog() {
  let resources: readonly ServedResource[] = kinds
  const listeners = new Set<() => void>()
  let hidden: readonly string[] = []
  const catalog: Catalog = {
    all: () => resources,
    undiscovered: () => hidden,
    onChange(added) {
      listeners.add(added)
      return () => void listeners.delete(added)
    },
  }
  const serve = (next: readonly ServedResource[]) => {
    resources = next
    for (const listener of listeners) listener()
  }
  const add = (resource: ServedResource) => serve([...resources, resource])
  const hide = (...groupVersions: string[]) => {
    hidden = groupVersions
  }
  return { catalog, serve, add, hide }
}

const apiVersions: Record<string, string> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Pod: 'v1',
  Node: 'v1',
  Widget: 'my.org/v1',
}

function reference(kind: string, name: string, extra: Partial<OwnerReference> = {}): OwnerReference {
  return { apiVersion: apiVersions[kind]!, kind, name, uid: `uid-${name}`, ...extra }
}

function thing(
  name: string,
  owners: OwnerReference[] = [],
  extra: Partial<KubeObject['metadata']> = {},
): KubeObject {
  return { metadata: { name, namespace: 'default', uid: `uid-${name}`, ownerReferences: owners, ...extra } }
}

async function world() {
  const { catalog, serve, add, hide } = testCatalog()
  const started = startControllers([garbageCollector(catalog), namespaceController(catalog)])
  const { transport, ports, stop } = started
  transport.put('deployments', thing('web'))
  transport.put(
    'replicasets',
    thing('web-1', [reference('Deployment', 'web', { controller: true, blockOwnerDeletion: true })]),
  )
  transport.put(
    'pods',
    thing('web-1-a', [reference('ReplicaSet', 'web-1', { controller: true, blockOwnerDeletion: true })]),
  )
  transport.put('pods', thing('alone'))
  const running = started.run()
  await ports.clock.advance(100)
  const end = async () => {
    stop.abort()
    await running
  }
  const left = () =>
    ['deployments', 'replicasets', 'pods']
      .flatMap(plural => transport.objects(plural))
      .map(({ metadata }) => metadata.name!)
  const del = async (resource: ServedResource, name: string, propagationPolicy?: 'Foreground' | 'Orphan') => {
    await started.client.delete(resource, 'default', name, { propagationPolicy })
    await ports.clock.advance(2_000)
  }
  return { ...started, serve, add, hide, end, left, del }
}

const [deployments, replicaSets, pods] = kinds as [ServedResource, ServedResource, ServedResource]

describe('garbage collector', () => {
  test('leaves alone what has its owner', async () => {
    const { left, end } = await world()
    expect(left()).toEqual(['web', 'web-1', 'web-1-a', 'alone'])
    await end()
  })

  test('in the background: the owner goes at once and everything below follows', async () => {
    const { left, del, end } = await world()
    await del(deployments, 'web')
    expect(left()).toEqual(['alone'])
    await end()
  })

  test('in the foreground: from the leaves up', async () => {
    const { transport, left, del, end } = await world()
    await del(deployments, 'web', 'Foreground')
    expect(left()).toEqual(['alone'])
    const deletes = transport.calls.filter(({ verb }) => verb === 'delete').map(({ resource }) => resource)
    expect(deletes).toEqual(['deployments', 'replicasets', 'pods'])
    await end()
  })

  test('in the foreground an owner waits for a dependent with a finalizer of its own', async () => {
    const { transport, ports, left, del, end } = await world()
    transport.put(
      'pods',
      thing('web-1-a', [reference('ReplicaSet', 'web-1', { blockOwnerDeletion: true })], {
        finalizers: ['my.org/hold'],
      }),
    )
    await del(deployments, 'web', 'Foreground')
    expect(left()).toEqual(['web', 'web-1', 'web-1-a', 'alone'])
    const held = transport.object('pods', 'default/web-1-a')!
    transport.put('pods', { ...held, metadata: { ...held.metadata, finalizers: [] } })
    await ports.clock.advance(2_000)
    expect(left()).toEqual(['alone'])
    await end()
  })

  test('orphaning takes the reference away and keeps the dependents', async () => {
    const { transport, left, del, end } = await world()
    await del(replicaSets, 'web-1', 'Orphan')
    expect(left()).toEqual(['web', 'web-1-a', 'alone'])
    expect(transport.object('pods', 'default/web-1-a')?.metadata.ownerReferences).toEqual([])
    await end()
  })

  test('one owner of two that stays keeps the object, without the reference to the other', async () => {
    const { transport, del, end } = await world()
    transport.put('pods', thing('shared', [reference('ReplicaSet', 'web-1'), reference('Deployment', 'web')]))
    await del(replicaSets, 'web-1', 'Orphan')
    await del(pods, 'web-1-a')
    expect(transport.object('pods', 'default/shared')?.metadata.ownerReferences).toEqual([
      reference('Deployment', 'web'),
    ])
    await end()
  })

  test('an owner that never was is asked for before anything is deleted', async () => {
    const { transport, ports, left, end } = await world()
    transport.put('pods', thing('lost', [reference('ReplicaSet', 'ghost')]))
    transport.put('pods', thing('wrong-uid', [{ ...reference('ReplicaSet', 'web-1'), uid: 'other' }]))
    await ports.clock.advance(100)
    expect(left()).toEqual(['web', 'web-1', 'web-1-a', 'alone'])
    expect(transport.calls.some(({ verb, name }) => verb === 'get' && name === 'ghost')).toBe(true)
    await end()
  })

  test('an owner in another namespace is none, and an event says so', async () => {
    const { transport, ports, left, end } = await world()
    transport.put('pods', thing('foreign', [reference('Deployment', 'web')], { namespace: 'other' }))
    await ports.clock.advance(2_000)
    expect(left()).not.toContain('foreign')
    expect(transport.objects('events')).toContainEqual(
      expect.objectContaining({ reason: 'OwnerRefInvalidNamespace' }),
    )
    await end()
  })

  test('a cluster-scoped object with a namespaced owner is left alone', async () => {
    const { transport, ports, end } = await world()
    transport.put('nodes', {
      metadata: { name: 'n1', uid: 'uid-n1', ownerReferences: [reference('ReplicaSet', 'ghost')] },
    })
    await ports.clock.advance(2_000)
    expect(transport.object('nodes', 'n1')).toBeDefined()
    await end()
  })

  test('a kind of which nobody knows is left alone until it is served', async () => {
    const { transport, ports, left, add, end } = await world()
    transport.put('pods', thing('custom', [reference('Widget', 'w')]))
    await ports.clock.advance(1_000)
    expect(left()).toContain('custom')
    add({ group: 'my.org', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true, verbs })
    await ports.clock.advance(10_000)
    expect(left()).not.toContain('custom')
    await end()
  })

  test('what belongs to a kind that is not served for a while stays', async () => {
    const { transport, ports, left, serve, end } = await world()
    serve(kinds.filter(({ kind }) => kind !== 'ReplicaSet'))
    transport.failNext('list', fakeFailure(500, 'InternalError', 'not yet'))
    serve(kinds)
    await ports.clock.advance(60_000)
    expect(left()).toEqual(['web', 'web-1', 'web-1-a', 'alone'])
    await end()
  })
})

describe('namespace', () => {
  const namespace: Namespace = { metadata: { name: 'default' }, spec: { finalizers: ['kubernetes'] } }

  test('goes when everything in it has gone, pods first', async () => {
    const { transport, ports, client, left, end } = await world()
    transport.put('namespaces', namespace)
    transport.calls.length = 0
    await client.delete(namespaces, undefined, 'default')
    await ports.clock.advance(2_000)
    expect(left()).toEqual([])
    expect(transport.object('namespaces', 'default')).toBeUndefined()
    const collections = transport.calls
      .filter(({ verb }) => verb === 'deletecollection')
      .map(({ resource }) => resource)
    expect(collections[0]).toBe('pods')
    await end()
  })

  test('says what is left and whose finalizers hold it, and goes on when they are gone', async () => {
    const { transport, ports, client, end } = await world()
    transport.put('namespaces', namespace)
    transport.put('deployments', thing('held', [], { finalizers: ['my.org/hold'] }))
    await client.delete(namespaces, undefined, 'default')
    await ports.clock.advance(2_000)
    const { status } = transport.object('namespaces', 'default') as Namespace
    expect(status?.phase).toBe('Terminating')
    expect(
      status?.conditions?.filter(({ status }) => status === 'True').map(({ message }) => message),
    ).toEqual([
      'Some resources are remaining: deployments.apps has 1 resource instances',
      'Some content in the namespace has finalizers remaining: my.org/hold in 1 resource instances',
    ])
    const held = transport.object('deployments', 'default/held')!
    transport.put('deployments', { ...held, metadata: { ...held.metadata, finalizers: [] } })
    await ports.clock.advance(1_000)
    expect(transport.object('namespaces', 'default')).toBeUndefined()
    await end()
  })

  test('stays while a server does not say what is in its groups, though all else is gone', async () => {
    const { transport, ports, client, left, add, hide, end } = await world()
    transport.put('namespaces', namespace)
    const boats = { plural: 'boats', kind: 'Boat', namespaced: true, verbs }
    add({ group: 'far.example.com', version: 'v1', ...boats })
    transport.put('boats', thing('unseen'))
    hide('far.example.com/v1')
    await client.delete(namespaces, undefined, 'default')
    await ports.clock.advance(2_000)
    expect(left()).toEqual([])
    const { status } = transport.object('namespaces', 'default') as Namespace
    expect(status?.conditions?.filter(each => each.status === 'True')).toMatchObject([
      {
        type: 'NamespaceDeletionDiscoveryFailure',
        reason: 'DiscoveryFailed',
        message:
          'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: far.example.com/v1: stale GroupVersion discovery: far.example.com/v1',
      },
    ])
    expect(transport.object('boats', 'default/unseen')).toBeDefined()
    hide()
    await ports.clock.advance(60_000)
    expect(transport.object('boats', 'default/unseen')).toBeUndefined()
    expect(transport.object('namespaces', 'default')).toBeUndefined()
    await end()
  })
})
