import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRegistry } from '../../api/registry.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { silentLogger } from '../../std/log.ts'
import { realClock } from '../../std/real-ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { createWatchCache, storedForm } from '../watchcache/index.ts'
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

test('the JSON of an object that was just written is the same whether made of its stored bytes or anew', async () => {
  const anyObject = fc.record({
    metadata: fc.record({
      creationTimestamp: fc.constant('2026-01-01T00:00:00Z'),
      name: fc.string(),
      labels: fc.dictionary(fc.string(), fc.string()),
    }),
    data: fc.dictionary(fc.string(), fc.jsonValue()),
    text: fc.constant('ü'.repeat(100)),
  })
  const property = fc.asyncProperty(fc.array(anyObject, { maxLength: 3 }), async objects => {
    const { cached, close } = await written(objects as KubeObject[])
    for (const each of cached) {
      expect(each.encodings.get(storedForm)).toBeDefined()
      expect(Buffer.from(objectJson(resource, each)).toString()).toBe(text(each.object))
    }
    await close()
  })
  await fc.assert(property, { numRuns: 200 })
})

test('of bytes that were written the last ones are kept, and no more than a few MB of them', async () => {
  const make = (size: number): KubeObject =>
    ({
      metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
      data: 'x'.repeat(size),
    }) as KubeObject
  const { cached, close } = await written(Array.from({ length: 12 }, () => make(1 << 20)))
  const kept = cached.map(({ encodings }) => encodings.get(storedForm) !== undefined)
  expect(kept.lastIndexOf(false)).toBeLessThan(kept.indexOf(true))
  expect(kept.filter(Boolean).length).toBeWithin(1, 9)
  expect(Buffer.from(objectJson(resource, cached[0]!)).toString()).toBe(text(cached[0]!.object))
  await close()
})
