import { afterEach, describe, expect, test } from 'bun:test'
import { silentLogger } from '../std/log.ts'
import { SimClock } from '../std/sim-ports.ts'
import {
  CasError,
  CompactedError,
  FutureRevisionError,
  type Store,
  type StoreEvent,
  StoreUnavailableError,
} from './store.ts'
import type { HistoryLimits } from './versioned-map.ts'

export interface StoreSuite {
  readonly name: string
  /** Opens the store of this test; the second call of one test opens the same data again. */
  readonly open: (options: OpenOptions) => Promise<Store>
  /** Gives up what the test's store left behind. */
  readonly cleanUp?: () => Promise<void>
  /** Claims that this driver cannot make, by the reason why. */
  readonly skip?: { readonly reopen?: string }
}

export interface OpenOptions {
  readonly clock: SimClock
  readonly log: typeof silentLogger
  readonly history?: Partial<HistoryLimits>
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const bytes = (value: string) => new TextEncoder().encode(value)
const json = (value: unknown) => bytes(JSON.stringify(value))
const short = (event: StoreEvent) => `${event.revision} ${event.type} ${event.key} ${text(event.value)}`

/** What every driver promises. */
export function runStoreSuite({ name, open, cleanUp, skip = {} }: StoreSuite): void {
  const opened: Store[] = []
  const start = async (history?: Partial<HistoryLimits>, clock = new SimClock()) => {
    const store = await open({ clock, log: silentLogger, ...(history && { history }) })
    opened.push(store)
    return store
  }
  const put = (store: Store, key: string, value: string, expected = 0) =>
    store.write({ key, value: bytes(value), expected })
  const remove = (store: Store, key: string, expected: number) =>
    store.write({ key, value: undefined, expected })
  const keys = async (store: Store, prefix: string, options = {}) =>
    (await store.range(prefix, options)).entries.map(entry => entry.key)
  const follow = (store: Store, prefix = '', from = 0) => {
    const batches: StoreEvent[][] = []
    const stop = new AbortController()
    const done = store.watch(prefix, from, events => void batches.push([...events]), stop.signal)
    return { batches, stop, done, seen: () => batches.flat().map(short) }
  }

  describe(`store ${name}`, () => {
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
      await cleanUp?.()
    })

    test('an empty store is at revision 0 and can be watched from there', async () => {
      const store = await start()
      expect([store.revision(), store.compactedRevision()]).toEqual([0, 0])
      expect(await store.get('a')).toBeUndefined()
      expect(await store.range('')).toEqual({ entries: [], revision: 0, more: false })
      const watch = follow(store)
      await put(store, 'a', '1')
      expect(watch.seen()).toEqual(['1 put a 1'])
    })

    test('one counter numbers the writes of all keys', async () => {
      const store = await start()
      expect(await put(store, 'a', '1')).toEqual({ revision: 1 })
      expect(await put(store, 'b', '1')).toEqual({ revision: 2 })
      expect(await put(store, 'a', '2', 1)).toEqual({ revision: 3 })
      expect(await store.get('a')).toEqual({ key: 'a', value: bytes('2'), createRevision: 1, modRevision: 3 })
      expect(store.revision()).toBe(3)
    })

    test('a key made again after its removal has a new createRevision', async () => {
      const store = await start()
      await put(store, 'a', '1')
      await remove(store, 'a', 1)
      expect(await store.get('a')).toBeUndefined()
      await put(store, 'a', '3')
      expect(await store.get('a')).toMatchObject({ createRevision: 3, modRevision: 3 })
    })

    test('a write whose expectation does not hold changes nothing and says what is there', async () => {
      const store = await start()
      await put(store, 'a', '1')
      const failures = await Promise.allSettled([
        put(store, 'a', '2'),
        put(store, 'a', '2', 7),
        put(store, 'b', '2', 1),
        remove(store, 'b', 0),
        remove(store, 'a', 2),
      ])
      const reasons = failures.map(failure => failure.status === 'rejected' && failure.reason)
      expect(reasons.every(reason => reason instanceof CasError)).toBe(true)
      expect(reasons.map(reason => reason.actual)).toEqual([1, 1, 0, 0, 1])
      expect(store.revision()).toBe(1)
    })

    test('of writers that race for one key exactly one wins', async () => {
      const store = await start()
      for (let round = 0; round < 5; round++) {
        const expected = (await store.get('a'))?.modRevision ?? 0
        const race = await Promise.allSettled(
          Array.from({ length: 8 }, (_, n) => put(store, 'a', `${round}.${n}`, expected)),
        )
        expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      }
      expect(store.revision()).toBe(5)
    })

    test('values and keys come back byte by byte', async () => {
      const store = await start()
      const value = json({ text: 'ä € 😀 "quoted" \\ \u2028 \u0000', nested: [1.5, null, true, ''] })
      await store.write({ key: '/registry/ü/😀', value, expected: 0 })
      await store.write({ key: 'empty', value: bytes(''), expected: 0 })
      expect((await store.get('/registry/ü/😀'))?.value).toEqual(value)
      expect((await store.range('/registry/')).entries[0]?.value).toEqual(value)
      expect((await store.get('empty'))?.value).toEqual(bytes(''))
    })

    test('a range is ordered by the bytes of its keys and bounded by prefix, start and limit', async () => {
      const store = await start()
      for (const key of ['b/2', 'a', 'b/10', 'b', 'b/1', 'c', 'b0', 'b/😀', 'b/\uffee'])
        await put(store, key, '1')
      expect(await keys(store, 'b/')).toEqual(['b/1', 'b/10', 'b/2', 'b/\uffee', 'b/😀'])
      expect(await keys(store, 'b/', { after: 'b/10' })).toEqual(['b/2', 'b/\uffee', 'b/😀'])
      expect(await keys(store, 'b/', { after: 'a' })).toHaveLength(5)
      expect(await store.range('b/', { limit: 2 })).toMatchObject({
        more: true,
        entries: [{ key: 'b/1' }, { key: 'b/10' }],
      })
      expect(await store.range('b/', { limit: 5 })).toMatchObject({ more: false })
      expect(await keys(store, '', { after: 'b0' })).toEqual(['c'])
      expect(await keys(store, 'd')).toEqual([])
    })

    test('a range at a revision shows what was there then', async () => {
      const store = await start()
      await put(store, 'a', '1')
      await put(store, 'b', '2')
      await put(store, 'a', '3', 1)
      await remove(store, 'b', 2)
      await put(store, 'c', '5')
      const at = async (revision: number) =>
        (await store.range('', { revision })).entries.map(
          entry => `${entry.key}=${text(entry.value)}@${entry.modRevision}`,
        )
      expect(await at(0)).toEqual([])
      expect(await at(2)).toEqual(['a=1@1', 'b=2@2'])
      expect(await at(3)).toEqual(['a=3@3', 'b=2@2'])
      expect(await at(4)).toEqual(['a=3@3'])
      expect(await at(5)).toEqual(['a=3@3', 'c=5@5'])
      await expect(store.range('', { revision: 6 })).rejects.toThrow(FutureRevisionError)
    })

    test('a watch tells every event of its prefix once, in order; a delete carries the last value', async () => {
      const store = await start()
      const all = follow(store)
      const some = follow(store, 'a/')
      await put(store, 'a/1', '1')
      await put(store, 'b/1', '2')
      await put(store, 'a/1', '3', 1)
      await remove(store, 'a/1', 3)
      expect(all.seen()).toEqual(['1 put a/1 1', '2 put b/1 2', '3 put a/1 3', '4 delete a/1 3'])
      expect(some.seen()).toEqual(['1 put a/1 1', '3 put a/1 3', '4 delete a/1 3'])
      expect(all.batches.flat().map(event => event.createRevision)).toEqual([1, 2, 1, 1])
    })

    test('a watch resumes after any revision without a hole or a repetition', async () => {
      const store = await start()
      const first = follow(store)
      await put(store, 'a', '1')
      await put(store, 'a', '2', 1)
      await remove(store, 'a', 2)
      await put(store, 'b', '4')
      first.stop.abort()
      await first.done
      await put(store, 'b', '5', 4)
      expect(first.seen()).toHaveLength(4)
      const all = ['1 put a 1', '2 put a 2', '3 delete a 2', '4 put b 4', '5 put b 5', '6 put b 6']
      const resumed = Array.from({ length: 6 }, (_, from) => follow(store, '', from))
      await put(store, 'b', '6', 5)
      for (const [from, watch] of resumed.entries()) expect(watch.seen()).toEqual(all.slice(from))
    })

    test('an event carries the very bytes that were written', async () => {
      const store = await start()
      const watch = follow(store)
      const value = json({ a: 1 })
      await store.write({ key: 'a', value, expected: 0 })
      expect(watch.batches[0]![0]!.value).toBe(value)
    })

    test('a write resolves only after the watchers have its event', async () => {
      const store = await start()
      const watch = follow(store)
      const order: number[] = []
      const writes = Array.from({ length: 20 }, (_, n) =>
        put(store, `k${n}`, '1').then(({ revision }) => {
          expect(watch.batches.flat().some(event => event.revision === revision)).toBe(true)
          order.push(revision)
        }),
      )
      await Promise.all(writes)
      expect(order).toEqual(order.toSorted((a, b) => a - b))
    })

    test('a sink that throws ends its own watch alone; one that writes is told in order', async () => {
      const store = await start()
      const failing = store
        .watch(
          '',
          0,
          () => {
            throw new Error('sink is full')
          },
          new AbortController().signal,
        )
        .catch(String)
      const nested: Promise<unknown>[] = []
      const writing = store.watch(
        '',
        0,
        events => {
          for (const { key } of events) if (key === 'a') nested.push(put(store, 'b', '2'))
        },
        new AbortController().signal,
      )
      const last = follow(store)
      await put(store, 'a', '1')
      await Promise.all(nested)
      expect(await failing).toBe('Error: sink is full')
      expect(last.seen()).toEqual(['1 put a 1', '2 put b 2'])
      await store.close()
      await writing
    })

    test('watching the future is refused', async () => {
      const store = await start()
      await put(store, 'a', '1')
      await expect(follow(store, '', 2).done).rejects.toThrow(FutureRevisionError)
    })

    test('compaction keeps the present, and answers at and after its revision alone', async () => {
      const store = await start()
      await put(store, 'a', '1')
      await put(store, 'a', '2', 1)
      await put(store, 'b', '3')
      await remove(store, 'b', 3)
      await put(store, 'a', '5', 2)
      await store.compact(4)
      expect(store.compactedRevision()).toBe(4)
      expect((await store.range('', { revision: 4 })).entries.map(entry => text(entry.value))).toEqual(['2'])
      await expect(store.range('', { revision: 3 })).rejects.toThrow(CompactedError)
      await expect(follow(store, '', 3).done).rejects.toThrow(CompactedError)
      expect(follow(store, '', 4).seen()).toEqual(['5 put a 5'])
      await expect(store.compact(9)).rejects.toThrow(FutureRevisionError)
      await store.compact(2)
      expect(store.compactedRevision()).toBe(4)
      expect(text((await store.get('a'))!.value)).toBe('5')
    })

    test('history is compacted by itself, by count and by age', async () => {
      const clock = new SimClock()
      const store = await start({ countMax: 10, ageMs: 60_000 }, clock)
      for (let n = 0; n < 30; n++) await put(store, 'a', String(n), n)
      expect(store.compactedRevision()).toBe(20)
      await clock.advance(61_000)
      await put(store, 'b', '1')
      expect(store.compactedRevision()).toBe(30)
      expect(follow(store, '', 30).seen()).toEqual(['31 put b 1'])
    })

    test('volatile writes are seen, ordered and compared like any other', async () => {
      const store = await start()
      const watch = follow(store)
      const write = (value: string, expected: number) =>
        store.write({ key: 'lease', value: bytes(value), expected, volatile: true })
      await write('1', 0)
      await write('2', 1)
      await put(store, 'a', '3')
      await write('4', 2)
      expect(await write('5', 2).catch((error: unknown) => error)).toBeInstanceOf(CasError)
      await put(store, 'lease', '5', 4)
      await remove(store, 'lease', 5)
      const all = [
        '1 put lease 1',
        '2 put lease 2',
        '3 put a 3',
        '4 put lease 4',
        '5 put lease 5',
        '6 delete lease 5',
      ]
      expect(watch.seen()).toEqual(all)
      for (let from = 0; from < 6; from++) expect(follow(store, '', from).seen()).toEqual(all.slice(from))
      expect((await store.range('', { revision: 2 })).entries.map(entry => text(entry.value))).toEqual(['2'])
    })

    test('a closed store ends its watches and refuses everything', async () => {
      const store = await start()
      const watch = follow(store)
      const last = put(store, 'a', '1')
      await store.close()
      await last
      await watch.done
      expect(watch.seen()).toEqual(['1 put a 1'])
      await expect(put(store, 'b', '1')).rejects.toThrow(StoreUnavailableError)
      await expect(store.get('a')).rejects.toThrow(StoreUnavailableError)
      await expect(store.range('')).rejects.toThrow(StoreUnavailableError)
      await store.close()
    })

    test.skipIf(skip.reopen !== undefined)(
      `what was written is there after a stop${reason(skip.reopen)}`,
      async () => {
        const store = await start()
        await put(store, 'a', '1')
        await put(store, 'b', '2')
        await put(store, 'a', '3', 1)
        await store.write({ key: 'lease', value: bytes('4'), expected: 0, volatile: true })
        await remove(store, 'b', 2)
        const before = await store.range('')
        await store.close()
        const again = await start()
        expect(await again.range('')).toEqual(before)
        expect(again.revision()).toBe(5)
        expect((await put(again, 'b', '6')).revision).toBe(6)
      },
    )

    test.skipIf(skip.reopen !== undefined)(
      `history outlives a stop, up to what was compacted${reason(skip.reopen)}`,
      async () => {
        const store = await start()
        for (let n = 0; n < 6; n++) await put(store, n % 2 ? 'a' : 'b', String(n), n > 1 ? n - 1 : 0)
        await remove(store, 'a', 6)
        await store.compact(3)
        await store.close()
        const again = await start()
        expect(again.compactedRevision()).toBe(3)
        await expect(follow(again, '', 2).done).rejects.toThrow(CompactedError)
        expect(follow(again, '', 3).seen()).toEqual(['4 put a 3', '5 put b 4', '6 put a 5', '7 delete a 5'])
        expect((await again.range('', { revision: 4 })).entries.map(entry => text(entry.value))).toEqual([
          '3',
          '2',
        ])
      },
    )

    test.skipIf(skip.reopen !== undefined)(
      `revisions do not go back when the last ones were compacted away${reason(skip.reopen)}`,
      async () => {
        const store = await start()
        await put(store, 'a', '1')
        await remove(store, 'a', 1)
        await store.compact(2)
        await store.close()
        const again = await start()
        expect(again.revision()).toBe(2)
        expect((await put(again, 'a', '3')).revision).toBe(3)
      },
    )
  })
}

function reason(skipped: string | undefined): string {
  return skipped ? ` (skipped: ${skipped})` : ''
}
