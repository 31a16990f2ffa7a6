import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRegistry } from '../../api/registry.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { silentLogger } from '../../std/log.ts'
import { realClock } from '../../std/real-ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { createWatchCache } from '../watchcache/index.ts'
import { objectJson } from './encode.ts'

const resource = createRegistry().find('', 'v1', 'configmaps')!

const decode = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as KubeObject

async function written(objects: readonly KubeObject[]) {
  const store = openMemoryStore({ clock: realClock, log: silentLogger })
  const cache = createWatchCache({ store, decode, clock: realClock, log: silentLogger })
  await cache.ready
  const put = (object: KubeObject, index: number) =>
    cache.put({
      key: `/registry/a/${index}`,
      object,
      encoded: Buffer.from(JSON.stringify(object)),
      expected: 0,
    })
  const cached = await Promise.all(objects.map(put))
  return { cached, close: () => cache.close() }
}

const text = (object: object) => `${JSON.stringify(object)}\n`

test('the JSON of a large object that was just written is the same whether made of its stored bytes or anew', async () => {
  const anyObject = fc.record({
    metadata: fc.record({
      creationTimestamp: fc.constant('2026-01-01T00:00:00Z'),
      name: fc.string(),
      labels: fc.dictionary(fc.string(), fc.string()),
    }),
    data: fc.dictionary(fc.string(), fc.jsonValue()),
    large: fc.constant('ü'.repeat(10_000)),
  })
  const property = fc.asyncProperty(fc.array(anyObject, { maxLength: 3 }), async objects => {
    const { cached, close } = await written(objects as KubeObject[])
    for (const each of cached) {
      expect(each.encodings.has('stored')).toBe(true)
      expect(Buffer.from(objectJson(resource, each)).toString()).toBe(text(each.object))
      expect([...each.encodings.keys()]).toEqual(['json'])
    }
    await close()
  })
  await fc.assert(property, { numRuns: 200 })
})

test('bytes of small objects are not kept, and of large ones only the last few', async () => {
  const make = (size: number): KubeObject =>
    ({
      metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
      data: 'x'.repeat(size),
    }) as KubeObject
  const { cached, close } = await written([make(10), ...Array.from({ length: 12 }, () => make(20_000))])
  expect(cached.filter(({ encodings }) => encodings.has('stored'))).toHaveLength(8)
  expect(Buffer.from(objectJson(resource, cached[1]!)).toString()).toBe(text(cached[1]!.object))
  await close()
})
