import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { silentLogger } from '../std/log.ts'
import { SimClock } from '../std/sim-ports.ts'
import { openMemoryStore } from './memory/memory-store.ts'
import { openSqliteStore } from './sqlite/sqlite-store.ts'
import { CasError, CompactedError, type Store, type StoreEvent } from './store.ts'

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      key: fc.constantFrom('a', 'a/1', 'a/2', 'b/1', 'b/2', 'c'),
      remove: fc.boolean(),
      volatile: fc.boolean(),
      stale: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 50_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), back: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
)

async function writeTo(
  store: Store,
  key: string,
  value: Uint8Array | undefined,
  options: { stale: boolean; volatile: boolean },
) {
  const expected = ((await store.get(key))?.modRevision ?? 0) + (options.stale ? 1 : 0)
  return store.write({ key, value, expected, volatile: options.volatile }).catch((error: unknown) => {
    expect(error).toBeInstanceOf(CasError)
    return String(error)
  })
}

async function history(store: Store, from: number): Promise<StoreEvent[] | 'compacted'> {
  const events: StoreEvent[] = []
  const stop = new AbortController()
  const done = store.watch('', from, batch => void events.push(...batch), stop.signal)
  stop.abort()
  return done.then(
    () => events,
    error => {
      expect(error).toBeInstanceOf(CompactedError)
      return 'compacted' as const
    },
  )
}

test('SQLite answers as memory does, at every revision and from every revision, also after stops', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }), async steps => {
      const folder = mkdtempSync(join(tmpdir(), 'hutch-model-'))
      const clock = new SimClock(0)
      const openSqlite = () => openSqliteStore({ path: join(folder, 'state.db'), clock, log: silentLogger })
      const model = openMemoryStore({
        clock,
        log: silentLogger,
        history: { ageMs: Number.POSITIVE_INFINITY },
      })
      let store = openSqlite()
      let n = 0
      for (const action of steps) {
        if (action.do === 'wait') await clock.advance(action.ms)
        if (action.do === 'compact') await store.compact(Math.max(0, store.revision() - action.back))
        if (action.do === 'reopen') {
          await store.close()
          store = openSqlite()
        }
        if (action.do !== 'write') continue
        const value = action.remove ? undefined : new TextEncoder().encode(String(n++))
        const [ours, theirs] = [
          await writeTo(store, action.key, value, action),
          await writeTo(model, action.key, value, action),
        ]
        expect(ours).toEqual(theirs)
      }
      expect(store.revision()).toBe(model.revision())
      expect(await store.range('')).toEqual(await model.range(''))
      for (let revision = store.compactedRevision(); revision <= model.revision(); revision++) {
        expect(await store.range('a/', { revision })).toEqual(await model.range('a/', { revision }))
        expect(await history(store, revision)).toEqual(await history(model, revision))
      }
      if (store.compactedRevision() > 0)
        expect(await history(store, store.compactedRevision() - 1)).toBe('compacted')
      await store.close()
      rmSync(folder, { recursive: true })
    }),
    { numRuns: Number(process.env.HUTCH_RUNS ?? 60) },
  )
}, 300_000)
