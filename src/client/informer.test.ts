import { describe, expect, test } from 'bun:test'
import type { KubeObject } from '../machinery/meta/object.ts'
import { settle, simPorts } from '../std/sim-ports.ts'
import { createClient } from './client.ts'
import { type Change, createInformer } from './informer.ts'
import { createInformers } from './informers.ts'
import { namespaceOf } from './object-store.ts'
import type { ResourceRef } from './resource.ts'
import { FakeTransport, fakeFailure } from './testing.ts'

interface Thing extends KubeObject {
  spec?: { node?: string }
}

const things: ResourceRef<Thing> = {
  group: '',
  version: 'v1',
  plural: 'things',
  kind: 'Thing',
  namespaced: true,
}
const thing = (name: string, node?: string): Thing => ({
  metadata: { name, namespace: 'default' },
  spec: { node },
})

function setUp() {
  const transport = new FakeTransport()
  const ports = simPorts()
  const informer = createInformer({ client: createClient(transport), resource: things, ports })
  const changes: Change<Thing>[] = []
  informer.onChange(change => changes.push(change))
  const stop = new AbortController()
  return { transport, ports, informer, changes, stop, run: () => informer.run(stop.signal) }
}

const shown = (changes: Change<Thing>[]) =>
  changes.map(({ key, old, object }) => `${object ? (old ? '~' : '+') : '-'}${key}`)

describe('informer', () => {
  test('lists first, then follows, and stops when asked', async () => {
    const { transport, informer, changes, stop, run } = setUp()
    transport.put('things', thing('a'))
    const running = run()
    await informer.whenSynced()
    await settle()
    transport.put('things', thing('b'))
    transport.put('things', thing('a', 'n1'))
    transport.remove('things', 'default/b')
    expect(shown(changes)).toEqual(['+default/a', '+default/b', '~default/a', '-default/b'])
    expect(informer.store.get('default', 'a')).toBe(transport.object('things', 'default/a') as Thing)
    expect(informer.lastRevision()).toBe('4')
    stop.abort()
    await running
  })

  test('a dropped watch goes on without a list and without a hole', async () => {
    const { transport, ports, informer, changes, stop, run } = setUp()
    void run()
    await informer.whenSynced()
    await settle()
    transport.dropWatches()
    transport.put('things', thing('a'))
    await ports.clock.advance(5_000)
    expect(shown(changes)).toEqual(['+default/a'])
    expect(transport.calls.filter(call => call.verb === 'list')).toHaveLength(1)
    stop.abort()
  })

  test('when history is gone it lists again and reports only the difference', async () => {
    const { transport, ports, informer, changes, stop, run } = setUp()
    for (const name of ['stays', 'changes', 'goes']) transport.put('things', thing(name))
    void run()
    await informer.whenSynced()
    await settle()
    changes.length = 0
    transport.holdEvents()
    transport.put('things', thing('changes', 'n1'))
    transport.put('things', thing('comes'))
    transport.remove('things', 'default/goes')
    transport.dropWatches({ forget: true })
    await ports.clock.advance(10_000)
    expect(shown(changes).toSorted()).toEqual(['+default/comes', '-default/goes', '~default/changes'])
    expect([...informer.store.keys()].toSorted()).toEqual([
      'default/changes',
      'default/comes',
      'default/stays',
    ])
    stop.abort()
  })

  test('a server that refuses is asked again, later each time', async () => {
    const { transport, ports, informer, stop, run } = setUp()
    for (let i = 0; i < 4; i++) transport.failNext('list', fakeFailure(503, 'ServiceUnavailable', 'down'))
    void run()
    await ports.clock.advance(700)
    expect(transport.calls).toHaveLength(1)
    await ports.clock.advance(60_000)
    expect(informer.synced()).toBe(true)
    expect(transport.calls).toHaveLength(5)
    stop.abort()
  })

  test('an error event with 410 inside a watch makes it list again', async () => {
    const { transport, ports, informer, stop, run } = setUp()
    transport.failNext('watch', fakeFailure(410, 'Expired', 'too old resource version'))
    void run()
    await ports.clock.advance(10_000)
    expect(transport.calls.map(call => call.options?.resourceVersion)).toEqual([undefined, undefined])
    expect(informer.synced()).toBe(true)
    stop.abort()
  })

  test('a handler that comes late is told of what is there, and one that throws harms nobody', async () => {
    const { transport, informer, stop, run } = setUp()
    transport.put('things', thing('a'))
    void run()
    await informer.whenSynced()
    const late: Change<Thing>[] = []
    informer.onChange(() => {
      throw new Error('broken handler')
    })
    informer.onChange(change => late.push(change))
    const later: Change<Thing>[] = []
    informer.onLaterChange(change => later.push(change))
    await settle()
    transport.put('things', thing('b'))
    expect(shown(late)).toEqual(['+default/a', '+default/b'])
    expect(shown(later)).toEqual(['+default/b'])
    stop.abort()
  })
})

describe('index', () => {
  test('follows objects from value to value', async () => {
    const { transport, informer, stop, run } = setUp()
    const byNode = informer.store.index(object => object.spec?.node)
    transport.put('things', thing('a', 'n1'))
    void run()
    await informer.whenSynced()
    await settle()
    transport.put('things', thing('b', 'n1'))
    transport.put('things', thing('a', 'n2'))
    const names = (node: string) => byNode.get(node).map(object => object.metadata.name)
    expect(names('n1')).toEqual(['b'])
    expect(names('n2')).toEqual(['a'])
    transport.remove('things', 'default/b')
    expect([...byNode.values()]).toEqual(['n2'])
    stop.abort()
  })

  test('made late it has what is there, under each of its values', async () => {
    const { transport, informer, stop, run } = setUp()
    transport.put('things', thing('a', 'n1,n2'))
    transport.put('things', thing('b', 'n2'))
    transport.put('things', thing('c'))
    void run()
    await informer.whenSynced()
    await settle()
    const byNodes = informer.store.index(object => object.spec?.node?.split(','))
    const counts = () => ['n1', 'n2', 'n3'].map(node => byNodes.count(node))
    expect(counts()).toEqual([1, 2, 0])
    transport.put('things', thing('a', 'n2,n3'))
    expect(counts()).toEqual([0, 2, 1])
    expect(informer.store.index(namespaceOf).count('default')).toBe(3)
    stop.abort()
  })
})

test('two askers share one informer', async () => {
  const transport = new FakeTransport()
  const stop = new AbortController()
  const informers = createInformers({
    client: createClient(transport),
    ports: simPorts(),
    signal: stop.signal,
  })
  expect(informers.of(things)).toBe(informers.of({ ...things }))
  await informers.whenSynced()
  expect(transport.calls).toHaveLength(1)
  stop.abort()
  await informers.done
})
