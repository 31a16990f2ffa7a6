import { expect, test } from 'bun:test'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { silentLogger } from '../../std/log.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { CasError, CompactedError, FutureRevisionError } from '../../storage/store.ts'
import { type CacheEvent, collectionPrefix, createWatchCache, objectKey } from './index.ts'

const configMaps = { group: '', plural: 'configmaps' }
const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject
const encode = (object: KubeObject) => new TextEncoder().encode(JSON.stringify(object))

function object(name: string, color = 'red'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'a', labels: { color }, finalizers: ['x'] },
  }
}

async function open(history = {}) {
  const clock = new SimClock()
  const store = openMemoryStore({ clock, log: silentLogger })
  let decoded = 0
  const counting = (bytes: Uint8Array) => {
    decoded++
    return decode(bytes)
  }
  const start = async () => {
    const cache = createWatchCache({
      store,
      decode: counting,
      clock,
      log: silentLogger,
      history,
      freezesArrays: true,
    })
    await cache.ready
    return cache
  }
  const cache = await start()
  const put = (namespace: string, name: string, expected = 0, color = 'red') => {
    const value = object(name, color)
    return cache.put({
      key: objectKey(configMaps, namespace, name),
      object: value,
      encoded: encode(value),
      expected,
    })
  }
  return { clock, store, cache, put, start, decoded: () => decoded }
}

function collect(cache: Awaited<ReturnType<typeof open>>['cache'], prefix: string, from = 0) {
  const seen: CacheEvent[] = []
  const stop = new AbortController()
  const done = cache.watch(prefix, from, events => void seen.push(...events), stop.signal)
  return {
    seen,
    stop,
    done,
    types: () => seen.map(event => `${event.type} ${event.key.split('/').slice(4).join('/')}`),
  }
}

test('a resolved write is there to read, frozen, with its resourceVersion, and was not decoded again', async () => {
  const { cache, put, decoded } = await open()
  const written = await put('a', 'one')
  expect(cache.get(objectKey(configMaps, 'a', 'one'))).toBe(written)
  expect(written.object.metadata.resourceVersion).toBe('1')
  expect(() => Object.assign(written.object.metadata.labels!, { color: 'blue' })).toThrow()
  expect(() => written.object.metadata.finalizers!.push('y')).toThrow()
  expect(decoded()).toBe(0)
})

test('what others wrote, before and after the start, is decoded and there', async () => {
  const { store, start } = await open()
  await store.write({ key: '/registry/core/configmaps/a/x', value: encode(object('x')), expected: 0 })
  const cache = await start()
  expect(cache.revision()).toBe(1)
  await store.write({ key: '/registry/core/configmaps/a/y', value: encode(object('y')), expected: 0 })
  expect(
    cache.list('/registry/core/configmaps/a/').items.map(item => item.object.metadata.resourceVersion),
  ).toEqual(['1', '2'])
})

test('a value that cannot be decoded fails the start with its key', async () => {
  const { store, start } = await open()
  await store.write({ key: '/registry/broken', value: new TextEncoder().encode('{'), expected: 0 })
  await expect(start()).rejects.toThrow('the stored value of /registry/broken cannot be decoded')
})

test('pages of a list are of one revision, whatever is written in between', async () => {
  const { cache, put } = await open()
  for (const name of ['a', 'b', 'c', 'd']) await put('ns', name)
  const prefix = collectionPrefix(configMaps)
  const first = cache.list(prefix, { limit: 2 })
  expect([first.items.length, first.remaining, first.revision]).toEqual([2, 2, 4])
  await cache.remove(objectKey(configMaps, 'ns', 'c'), 3)
  await put('ns', 'bb')
  const second = cache.list(prefix, { limit: 2, revision: first.revision, after: first.items[1]!.key })
  expect(second.items.map(item => item.object.metadata.name)).toEqual(['c', 'd'])
  expect([second.remaining, second.revision]).toEqual([0, 4])
  expect(cache.list(prefix).items.map(item => item.object.metadata.name)).toEqual(['a', 'b', 'bb', 'd'])
})

test('a revision that fell out of history is gone, one not yet written is in the future', async () => {
  const { cache, put } = await open({ countMax: 2 })
  for (const name of ['a', 'b', 'c', 'd']) await put('ns', name)
  expect(cache.compactedRevision()).toBe(2)
  expect(() => cache.list('', { revision: 1 })).toThrow(CompactedError)
  expect(() => cache.list('', { revision: 5 })).toThrow(FutureRevisionError)
  await expect(collect(cache, '', 1).done).rejects.toThrow(CompactedError)
  await expect(collect(cache, '', 5).done).rejects.toThrow(FutureRevisionError)
  expect(collect(cache, '', 2).types()).toEqual(['added ns/c', 'added ns/d'])
})

test('history older than its age is forgotten', async () => {
  const { cache, put, clock } = await open({ ageMs: 60_000 })
  await put('ns', 'a')
  await clock.advance(61_000)
  await put('ns', 'b')
  expect(cache.compactedRevision()).toBe(1)
})

test('watchers of everything, a resource, a namespace and a name each get their own events', async () => {
  const { cache, put } = await open()
  const watches = [
    '',
    '/registry/core/configmaps/',
    '/registry/core/configmaps/a/',
    '/registry/core/configmaps/a/x',
  ].map(prefix => collect(cache, prefix))
  await put('a', 'x')
  await put('a', 'xx')
  await put('b', 'x')
  expect(watches.map(watch => watch.types().length)).toEqual([3, 3, 2, 1])
  for (const { stop } of watches) stop.abort()
  await Promise.all(watches.map(watch => watch.done))
})

test('an event tells what was before, so that borders of a selector can be computed', async () => {
  const { cache, put } = await open()
  const { seen, types } = collect(cache, '')
  await put('a', 'x')
  await put('a', 'x', 1, 'blue')
  const removed = await cache.remove(objectKey(configMaps, 'a', 'x'), 2)
  expect(types()).toEqual(['added a/x', 'modified a/x', 'deleted a/x'])
  expect(seen[1]!.previous!.object.metadata.labels).toEqual({ color: 'red' })
  expect(seen[1]!.departed!.object.metadata).toMatchObject({ resourceVersion: '2', labels: { color: 'red' } })
  expect(seen[2]!.departed!.object.metadata).toMatchObject({
    resourceVersion: '3',
    labels: { color: 'blue' },
  })
  expect(seen[2]!.departed).toBe(seen[2]!.departed)
  expect(seen[2]!.current).toBeUndefined()
  expect(removed.object).toEqual(seen[2]!.departed!.object)
})

test('a lost race rejects with CasError and shows nothing', async () => {
  const { cache, put } = await open()
  await put('a', 'x')
  await expect(put('a', 'x')).rejects.toThrow(CasError)
  await expect(cache.remove(objectKey(configMaps, 'a', 'x'), 7)).rejects.toThrow(CasError)
  expect(cache.revision()).toBe(1)
})

test('a sink that throws ends its own watch and disturbs nobody', async () => {
  const { cache, put } = await open()
  const failing = cache.watch(
    '',
    0,
    () => {
      throw new Error('full')
    },
    new AbortController().signal,
  )
  const other = collect(cache, '')
  await put('a', 'x')
  await expect(failing).rejects.toThrow('full')
  await put('a', 'y')
  expect(other.types()).toEqual(['added a/x', 'added a/y'])
})

test('a sink may write, watch and stop; everybody still sees all in order', async () => {
  const { cache, put } = await open()
  const inner: string[] = []
  const stop = new AbortController()
  const outer = cache.watch(
    '',
    0,
    events => {
      for (const { key } of events) {
        if (!key.endsWith('/a/x')) continue
        void put('a', 'y')
        void cache.watch(
          '',
          0,
          more => void inner.push(...more.map(event => event.key)),
          new AbortController().signal,
        )
        stop.abort()
      }
    },
    stop.signal,
  )
  const late = collect(cache, '')
  await put('a', 'x')
  await outer
  await put('a', 'z')
  expect(late.types()).toEqual(['added a/x', 'added a/y', 'added a/z'])
  expect(inner.map(key => key.slice(-3))).toEqual(['a/x', 'a/y', 'a/z'])
})

test('waitFor resolves when the revision is there and rejects when its caller gives up', async () => {
  const { cache, put } = await open()
  const soon = cache.waitFor(2, new AbortController().signal)
  const never = cache.waitFor(9, AbortSignal.abort(new Error('gone away')))
  await expect(never).rejects.toThrow('gone away')
  await put('a', 'x')
  await put('a', 'y')
  await soon
  await cache.waitFor(1, new AbortController().signal)
})

test('closing ends watches and the feed', async () => {
  const { cache, put } = await open()
  const watch = collect(cache, '')
  await put('a', 'x')
  await cache.close()
  await watch.done
  await cache.done
})
