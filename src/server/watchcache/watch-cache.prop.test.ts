import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { silentLogger } from '../../std/log.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { CompactedError } from '../../storage/store.ts'
import { type CacheEvent, createWatchCache, type WatchCache } from './index.ts'

const keys = ['pods/a/x', 'pods/a/y', 'pods/a/xx', 'pods/b/x', 'nodes/x', 'nodes/y'].map(
  path => `/registry/core/${path}`,
)
const prefixes = [
  '',
  '/registry/core/pods/',
  '/registry/core/pods/a/',
  '/registry/core/pods/a/x',
  '/registry/core/nodes/',
  '/registry/core/nodes/y',
]

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      key: fc.constantFrom(...keys),
      remove: fc.boolean(),
      direct: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('watch' as const),
      prefix: fc.constantFrom(...prefixes),
      back: fc.nat(30),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(50) }) },
)

interface ModelEvent {
  readonly type: string
  readonly key: string
  readonly revision: number
  readonly value: number | undefined
  readonly before: number | undefined
}

interface Watching {
  readonly prefix: string
  readonly from: number
  readonly until: () => number
  readonly seen: ModelEvent[]
  readonly stop: AbortController
}

const numberOf = (object: KubeObject | undefined) =>
  object === undefined ? undefined : (object as { n?: number }).n
const covers = (prefix: string, key: string) =>
  prefix === '' || prefix.endsWith('/') ? key.startsWith(prefix) : key === prefix

function toModel(event: CacheEvent): ModelEvent {
  const { type, key, revision } = event
  return {
    type,
    key,
    revision,
    value: numberOf(event.current?.object),
    before: numberOf(event.previous?.object),
  }
}

/** The map and the events that the writes should have made, kept in the plainest way. */
class Model {
  readonly events: ModelEvent[] = []

  at(revision: number): Map<string, number> {
    const map = new Map<string, number>()
    for (const event of this.events) {
      if (event.revision > revision) break
      if (event.value === undefined) map.delete(event.key)
      else map.set(event.key, event.value)
    }
    return map
  }

  expected(prefix: string, from: number, until: number): ModelEvent[] {
    return this.events.filter(
      ({ key, revision }) => covers(prefix, key) && revision > from && revision <= until,
    )
  }
}

async function open() {
  const clock = new SimClock()
  const store = openMemoryStore({ clock, log: silentLogger })
  const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject
  const cache = createWatchCache({ store, decode, clock, log: silentLogger, history: { countMax: 25 } })
  await cache.ready
  return { store, cache }
}

async function write(
  world: Awaited<ReturnType<typeof open>>,
  model: Model,
  action: { key: string; remove: boolean; direct: boolean },
) {
  const { store, cache } = world
  const { key } = action
  const found = cache.get(key)
  if (action.remove && !found) return
  const expected = found?.revision ?? 0
  const n = model.events.length
  const object = { n, metadata: { name: key } } as KubeObject
  const encoded = new TextEncoder().encode(JSON.stringify(object))
  if (action.remove) await cache.remove(key, expected)
  else if (action.direct) await store.write({ key, value: encoded, expected })
  else await cache.put({ key, object, encoded, expected })
  const type = action.remove ? 'deleted' : found ? 'modified' : 'added'
  const value = action.remove ? undefined : n
  model.events.push({ type, key, revision: cache.revision(), value, before: numberOf(found?.object) })
}

function watch(
  cache: WatchCache,
  prefix: string,
  from: number,
): { watching: Watching; failed: Promise<unknown> } {
  const seen: ModelEvent[] = []
  const stop = new AbortController()
  let stoppedAt = Number.POSITIVE_INFINITY
  stop.signal.addEventListener('abort', () => {
    stoppedAt = cache.revision()
  })
  const failed = cache
    .watch(prefix, from, events => void seen.push(...events.map(toModel)), stop.signal)
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  return { watching: { prefix, from, until: () => stoppedAt, seen, stop }, failed }
}

test('any set of watchers, whenever they come and go, sees exactly the model’s events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), async steps => {
      const world = await open()
      const model = new Model()
      const watchers: Watching[] = []
      for (const action of steps) {
        if (action.do === 'write') await write(world, model, action)
        if (action.do === 'leave' && watchers.length > 0)
          watchers[action.which % watchers.length]!.stop.abort()
        if (action.do !== 'watch') continue
        const from = Math.max(0, world.cache.revision() - action.back)
        const { watching, failed } = watch(world.cache, action.prefix, from)
        if (from >= world.cache.compactedRevision()) watchers.push(watching)
        else expect(await failed).toBeInstanceOf(CompactedError)
      }
      for (const { prefix, from, until, seen } of watchers)
        expect(seen).toEqual(model.expected(prefix, from, until()))
      expect(world.cache.compactedRevision()).toBe(Math.max(0, world.cache.revision() - 25))
    }),
    { numRuns: 150 },
  )
})

test('a list at any revision that is kept equals the model then, page by page', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, limit) => {
        const world = await open()
        const model = new Model()
        for (const action of steps) if (action.do === 'write') await write(world, model, action)
        const { cache } = world
        for (let revision = cache.compactedRevision(); revision <= cache.revision(); revision++) {
          const map = model.at(revision)
          for (const prefix of prefixes) {
            const expected = [...map]
              .filter(([key]) => covers(prefix, key))
              .sort(([a], [b]) => (a < b ? -1 : 1))
            expect(pages(cache, prefix, revision, limit)).toEqual(expected)
          }
        }
      },
    ),
    { numRuns: 40 },
  )
})

function pages(
  cache: WatchCache,
  prefix: string,
  revision: number,
  limit: number,
): [string, number | undefined][] {
  const all: [string, number | undefined][] = []
  let after: string | undefined
  for (;;) {
    const page = cache.list(prefix, { revision, limit, ...(after !== undefined && { after }) })
    all.push(...page.items.map(({ key, object }): [string, number | undefined] => [key, numberOf(object)]))
    expect(page.revision).toBe(revision)
    if (page.remaining === 0) return all
    expect(page.items).toHaveLength(limit)
    after = page.items.at(-1)!.key
  }
}
