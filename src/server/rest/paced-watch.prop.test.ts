import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { silentLogger } from '../../std/log.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { CompactedError } from '../../storage/store.ts'
import { createWatchCache, objectKey } from '../watchcache/index.ts'
import { createPacedWatch } from './paced-watch.ts'

const configMaps = { group: '', plural: 'configmaps' }
const folder = '/registry/core/configmaps/'
const encode = (object: KubeObject) => new TextEncoder().encode(JSON.stringify(object))

async function open(history = {}) {
  const clock = new SimClock()
  const store = openMemoryStore({ clock, log: silentLogger })
  const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject
  const cache = createWatchCache({ store, decode, clock, log: silentLogger, history })
  await cache.ready
  const put = (name: string) => {
    const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a' } }
    return cache.put({
      key: objectKey(configMaps, 'a', name),
      object,
      encoded: encode(object),
      expected: cache.get(objectKey(configMaps, 'a', name))?.revision ?? 0,
    })
  }
  return { cache, put }
}

/** A client that reads when it is told to. */
function slowClient(isSlowAt: (count: number) => boolean) {
  const seen: number[] = []
  let reading: PromiseWithResolvers<void> | undefined
  return {
    seen,
    deliver(events: readonly { revision: number }[]) {
      seen.push(...events.map(({ revision }) => revision))
      if (!isSlowAt(seen.length)) return undefined
      reading = Promise.withResolvers<void>()
      return reading.promise
    },
    read() {
      const { resolve } = reading ?? {}
      reading = undefined
      resolve?.()
      return resolve !== undefined
    },
  }
}

const soon = () => Bun.sleep(0)

test('a client that reads now and then is sent every event once, in order', async () => {
  const steps = fc.array(fc.constantFrom('write', 'read', 'turn'), { maxLength: 120 })
  const property = fc.asyncProperty(steps, fc.integer({ min: 1, max: 7 }), async (order, every) => {
    const { cache, put } = await open()
    const client = slowClient(count => count % every === 0)
    const stop = new AbortController()
    const paced = createPacedWatch(cache, folder)
    const done = paced.run(0, events => client.deliver(events), stop.signal)
    const written: number[] = []
    for (const step of order) {
      if (step === 'write') written.push((await put(`m-${written.length % 5}`)).revision)
      else if (step === 'read') client.read()
      else await soon()
    }
    await soon()
    // Nothing is missing while it is current; what it was told never has a hole.
    expect(client.seen).toEqual(written.slice(0, client.seen.length))
    if (paced.isCurrent()) expect(client.seen).toEqual(written)
    while (client.read()) await soon()
    expect(client.seen).toEqual(written)
    stop.abort()
    await done
    await cache.close()
  })
  await fc.assert(property, { numRuns: 60 })
})

test('a client is told when history reaches back no longer to where it has come', async () => {
  const { cache, put } = await open({ countMax: 10 })
  const client = slowClient(count => count === 1)
  const done = createPacedWatch(cache, folder).run(
    0,
    events => client.deliver(events),
    new AbortController().signal,
  )
  const ended = done.then(
    () => undefined,
    error => error,
  )
  for (let index = 0; index < 50; index++) await put(`m-${index}`)
  client.read()
  expect(await ended).toBeInstanceOf(CompactedError)
  expect(client.seen).toHaveLength(1)
  await cache.close()
})

test('a watch ends with what its client fails with, with its signal, and with the cache', async () => {
  const { cache, put } = await open()
  const failing = createPacedWatch(cache, folder).run(
    0,
    () => Promise.reject(new Error('gone')),
    new AbortController().signal,
  )
  const heard = failing.catch(error => (error as Error).message)
  await put('a')
  expect(await heard).toBe('gone')
  const stop = new AbortController()
  const stuck = createPacedWatch(cache, folder).run(0, () => new Promise(() => {}), stop.signal)
  await soon()
  stop.abort()
  await stuck
  const last = createPacedWatch(cache, folder).run(0, () => undefined, new AbortController().signal)
  await cache.close()
  await last
})

test('a client that takes one part of history after the other lets others have their turn in between', async () => {
  const { cache, put } = await open()
  for (let index = 0; index < 200; index++) await put(`m-${index}`)
  const stop = new AbortController()
  let turns = 0
  const breathe = () => {
    turns++
    return undefined
  }
  let seen = 0
  await createPacedWatch(cache, folder, breathe).run(
    0,
    events => {
      seen += events.length
      if (seen === 200) stop.abort()
      return Promise.resolve()
    },
    stop.signal,
  )
  expect(seen).toBe(200)
  expect(turns).toBeGreaterThanOrEqual(3)
  await cache.close()
})
