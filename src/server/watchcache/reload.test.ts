import { expect, test } from 'bun:test'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { CompactedError } from '../../storage/store.ts'
import { createPacedWatch } from '../rest/paced-watch.ts'
import { type CacheEvent, createWatchCache, objectKey } from './index.ts'
import { forgetful } from './testing.ts'

const at = (name: string) => objectKey({ group: '', plural: 'configmaps' }, 'default', name)
const encode = (object: unknown) => new TextEncoder().encode(JSON.stringify(object))
const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject
const objectOf = (name: string, text: string): KubeObject =>
  ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { text } }) as KubeObject

async function setUp() {
  const ports = simPorts()
  const store = openMemoryStore(ports)
  const { layer, lose } = forgetful(store)
  const cache = createWatchCache({ ...ports, store: layer, decode })
  await cache.ready
  const put = async (name: string, text: string) => {
    const expected = (await store.get(at(name)))?.modRevision ?? 0
    await store.write({ key: at(name), value: encode(objectOf(name, text)), expected })
  }
  const remove = async (name: string) => {
    await store.write({ key: at(name), value: undefined, expected: (await store.get(at(name)))!.modRevision })
  }
  return { store, cache, lose, put, remove }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

test('a cache whose store lost its history tells its watchers what differs', async () => {
  const { cache, store, lose, put, remove } = await setUp()
  for (const name of ['kept', 'changed', 'removed', 'renewed']) await put(name, '1')
  const kept = cache.get(at('kept'))
  const batches: (readonly CacheEvent[])[] = []
  void cache.watch('', cache.revision(), batch => void batches.push(batch), new AbortController().signal)
  lose()
  const writes = [put('changed', '2'), remove('removed'), remove('renewed')]
  await Promise.all(writes)
  await Promise.all([put('renewed', '2'), put('new', '1')])
  while (cache.lostRevision() === 0) await settled()
  await settled()
  const told = batches.flat().map(({ type, key }) => `${type} ${key.slice(key.lastIndexOf('/') + 1)}`)
  expect(told.filter(line => /removed|renewed/.test(line))).toEqual([
    'deleted removed',
    'deleted renewed',
    'added renewed',
  ])
  expect(told).toContain('modified changed')
  expect(told).toContain('added new')
  expect(told).toHaveLength(5)
  expect(cache.get(at('kept'))).toBe(kept)
  expect(cache.revision()).toBe(store.revision())
  expect(cache.get(at('changed'))?.object).toMatchObject({ data: { text: '2' } })
  await put('later', '1')
  expect(batches.at(-1)?.[0]).toMatchObject({ type: 'added', key: at('later') })
  expect(() => cache.list('', { revision: cache.lostRevision() - 1 })).toThrow(CompactedError)
  await cache.close()
})

test('clients are not told what came of lost history: their watch is too old', async () => {
  const { cache, lose, put } = await setUp()
  await put('a', '1')
  const seen: string[] = []
  const paced = createPacedWatch(cache, '')
  const watching = paced
    .run(
      cache.revision(),
      events => void seen.push(...events.map(({ key }) => key)),
      new AbortController().signal,
    )
    .catch((error: unknown) => error)
  lose()
  await put('b', '1')
  expect(await watching).toBeInstanceOf(CompactedError)
  expect(seen).toEqual([])
  await cache.close()
})

test('an object that is written while the cache looks again is shown as it was written', async () => {
  const { cache, lose } = await setUp()
  lose()
  const object = objectOf('a', 'own')
  const written = await cache.put({ key: at('a'), object, encoded: encode(object), expected: 0 })
  expect(written.object).toMatchObject({ data: { text: 'own' } })
  expect(written.revision).toBe(cache.get(at('a'))!.revision)
  await cache.close()
})

test('to be fresh is to have what others wrote, also while the cache looks again', async () => {
  const { cache, lose, put, store } = await setUp()
  await put('a', '1')
  lose()
  await put('b', '1')
  await cache.freshen!(new AbortController().signal)
  expect(cache.revision()).toBe(store.revision())
  expect(cache.get(at('b'))).toBeDefined()
  await cache.close()
})
