import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../std/log.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { CompactedError, type Store, StoreOpenError, StoreUnavailableError } from '../store.ts'
import { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'

let folder: string
let path: string
let clock: SimClock
const opened: Store[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-sqlite-'))
  path = join(folder, 'state.db')
  // A board without a battery wakes up in 1970.
  clock = new SimClock(0)
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  rmSync(folder, { recursive: true })
})

function open(options: Partial<SqliteStoreOptions> = {}): Store {
  const store = openSqliteStore({ path, clock, log: silentLogger, ...options })
  opened.push(store)
  return store
}

const bytes = (value: string) => new TextEncoder().encode(value)
const put = (store: Store, key: string, value: string, expected = 0) =>
  store.write({ key, value: bytes(value), expected })
const renew = (store: Store, value: string, expected: number) =>
  store.write({ key: 'lease', value: bytes(value), expected, volatile: true })

/** What another process would find in the file now. */
function onDisk<T>(query: string): T[] {
  const reader = new Database(path, { readonly: true })
  try {
    return reader.query(query).all() as T[]
  } finally {
    reader.close()
  }
}

/** The file as a power cut would leave it. */
function copyAfterCrash(): string {
  const copy = join(folder, 'copy.db')
  for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix)
  return copy
}

function openError(): string {
  try {
    openSqliteStore({ path, clock, log: silentLogger })
  } catch (error) {
    expect(error).toBeInstanceOf(StoreOpenError)
    return String(error)
  }
  throw new Error('the store opened')
}

test('values are text in the file, and the view shows what lives', async () => {
  const store = open()
  await put(store, 'a', '{"n":1}')
  await put(store, 'a', '{"n":2}', 1)
  await put(store, 'b', '{"n":3}')
  await store.write({ key: 'b', value: undefined, expected: 3 })
  expect(onDisk("SELECT key, revision, typeof(value) AS type, value ->> 'n' AS n FROM live")).toEqual([
    { key: 'a', revision: 2, type: 'text', n: 2 },
  ])
})

test('the file is readable by its owner alone', async () => {
  await put(open(), 'a', '1')
  for (const suffix of ['', '-wal']) expect(statSync(path + suffix).mode & 0o077).toBe(0)
})

test('writes of one turn are one commit, and a failed comparison among them fails alone', async () => {
  const store = open()
  const batches: number[] = []
  void store.watch('', 0, events => void batches.push(events.length), new AbortController().signal)
  const results = await Promise.allSettled([
    put(store, 'a', '1'),
    put(store, 'a', '2', 1),
    put(store, 'a', '3', 1),
    put(store, 'b', '1'),
    store.write({ key: 'a', value: undefined, expected: 2 }),
  ])
  expect(
    results.map(result => (result.status === 'fulfilled' ? result.value.revision : result.reason.name)),
  ).toEqual([1, 2, 'CasError', 3, 4])
  expect(batches).toEqual([4])
})

test('very many writes of one turn are several commits, with a turn for others between them', async () => {
  const store = open()
  const order: (number | 'others')[] = []
  void store.watch('', 0, events => void order.push(events.length), new AbortController().signal)
  const writes = Array.from({ length: 600 }, (_, at) => put(store, `key-${at}`, '1'))
  setImmediate(() => {
    order.push('others')
    setImmediate(() => order.push('others'))
  })
  const results = await Promise.all(writes)
  expect(results.map(({ revision }) => revision)).toEqual(writes.map((_, at) => at + 1))
  expect(order).toEqual([256, 'others', 256, 'others', 88])
})

test('closing commits everything that was queued', async () => {
  const store = open()
  const writes = Array.from({ length: 600 }, (_, at) => put(store, `key-${at}`, '1'))
  await store.close()
  expect(await Promise.all(writes)).toHaveLength(600)
})

test('a volatile write waits for the disk and only its latest value gets there', async () => {
  const store = open()
  for (let n = 0; n < 5; n++) await renew(store, String(n), n)
  const count = 'SELECT count(*) AS rows FROM log'
  // The first one brought the reserved revisions with it and so was written.
  expect(onDisk(count)).toEqual([{ rows: 1 }])
  await clock.advance(59_999)
  expect(onDisk(count)).toEqual([{ rows: 1 }])
  await clock.advance(1)
  expect(onDisk('SELECT revision, value FROM log')).toEqual([
    { revision: 1, value: '0' },
    { revision: 5, value: '4' },
  ])
  await clock.advance(600_000)
  expect(onDisk(count)).toEqual([{ rows: 2 }])
})

test('a durable commit takes along what has waited for half of its time', async () => {
  const store = open()
  await renew(store, '0', 0)
  await renew(store, '1', 1)
  await put(store, 'a', '1')
  const revisions = () => onDisk<{ revision: number }>('SELECT revision FROM log').map(row => row.revision)
  expect(revisions()).toEqual([1, 3])
  await clock.advance(30_000)
  await put(store, 'b', '1')
  expect(revisions()).toEqual([1, 2, 3, 4])
})

test('revisions given to volatile writes that a crash took are never given again', async () => {
  const store = open()
  await put(store, 'a', '1')
  for (let n = 0; n < 50; n++) await renew(store, String(n), n === 0 ? 0 : n + 1)
  expect(store.revision()).toBe(51)
  path = copyAfterCrash()
  const again = open()
  expect(again.revision()).toBeGreaterThanOrEqual(51)
  expect(again.compactedRevision()).toBe(again.revision())
  // A watcher that saw a lost write may not go on as if nothing had been.
  await expect(again.watch('', 40, () => {}, new AbortController().signal)).rejects.toThrow(CompactedError)
  expect((await again.get('a'))?.modRevision).toBe(1)
  expect((await put(again, 'b', '1')).revision).toBeGreaterThan(51)
})

test('a crash without volatile writes costs neither history nor revisions', async () => {
  const store = open()
  for (let n = 0; n < 5; n++) await put(store, 'a', String(n), n)
  path = copyAfterCrash()
  const again = open()
  expect([again.revision(), again.compactedRevision()]).toEqual([5, 0])
})

test('more volatile writes than were reserved go on being numbered', async () => {
  const store = open()
  for (let n = 0; n < 10_050; n++) await renew(store, String(n), n)
  expect(store.revision()).toBe(10_050)
  path = copyAfterCrash()
  expect(open().revision()).toBeGreaterThanOrEqual(10_050)
})

test('after a clean stop the overtaken volatile writes are gone and nobody resumes across them', async () => {
  const store = open()
  for (let n = 0; n < 5; n++) await renew(store, String(n), n)
  await put(store, 'a', '6')
  await store.close()
  const again = open()
  expect([again.revision(), again.compactedRevision()]).toEqual([6, 5])
  expect((await again.get('lease'))?.modRevision).toBe(5)
})

test('the file stops growing while one key is written over and over', async () => {
  const store = open({ history: { countMax: 20 } })
  const value = 'x'.repeat(10_000)
  for (let n = 0; n < 3_000; n++) await put(store, 'a', value, n)
  // 512 rows of garbage before a step, as many free pages again.
  expect(statSync(path).size).toBeLessThan(20 << 20)
  await store.compact(store.revision())
  expect(onDisk('SELECT count(*) AS rows FROM log')).toEqual([{ rows: 1 }])
}, 120_000)

test('free pages go back to the file system in steps', async () => {
  const store = open()
  const value = 'x'.repeat(10_000)
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => put(store, `k${n}`, value)))
  await Promise.all(
    Array.from({ length: 1_000 }, (_, n) => store.write({ key: `k${n}`, value: undefined, expected: n + 1 })),
  )
  await store.compact(store.revision())
  for (let n = 0; n < 20; n++) await store.compact(store.revision())
  await store.close()
  expect(statSync(path).size).toBeLessThan(6 << 20)
})

test('a second process is told that the store is in use', async () => {
  await put(open(), 'a', '1')
  expect(openError()).toContain(`${path} is in use by another process: stop that one first`)
  const script = `import { openSqliteStore } from ${JSON.stringify(join(import.meta.dir, 'sqlite-store.ts'))}
    import { SimClock } from ${JSON.stringify(join(import.meta.dir, '../../std/sim-ports.ts'))}
    try { openSqliteStore({ path: ${JSON.stringify(path)}, clock: new SimClock(0), log: console }) } catch (error) { console.log(String(error)) }`
  const child = Bun.spawnSync([process.execPath, '-e', script])
  expect(child.stdout.toString()).toContain('is in use by another process')
})

test('a damaged file is refused with what to do, and stays as it is', async () => {
  const store = open()
  await Promise.all(Array.from({ length: 200 }, (_, n) => put(store, `k${n}`, 'x'.repeat(500))))
  await store.close()
  const damaged = readFileSync(path).fill(0xa5, 8_192, 40_960)
  writeFileSync(path, damaged)
  const message = openError()
  expect(message).toContain(`${path} is damaged`)
  expect(message).toContain('restore it from a backup, or move it away')
  expect(readFileSync(path)).toEqual(damaged)
})

test('a file that is not a store is refused by name', () => {
  writeFileSync(path, 'apiVersion: v1\n'.repeat(100))
  expect(openError()).toContain(`${path} is damaged (file is not a database)`)
  rmSync(path)
  new Database(path).run('CREATE TABLE photos (name TEXT)')
  expect(openError()).toContain(`${path} is not a Hutch store`)
})

test('a file of a newer format and a missing directory are refused by name', async () => {
  await open().close()
  new Database(path).run('PRAGMA user_version = 99')
  expect(openError()).toContain('was written by a newer Hutch (format 99)')
  path = join(folder, 'nowhere', 'state.db')
  expect(openError()).toContain('cannot be opened')
})

const small = mountSmallDisk()
if (!small.works) console.warn(`SKIP a full disk: no small file system to fill: ${small.why}`)

test.skipIf(!small.works)(
  'a full disk refuses writes, goes on reading, and recovers when there is space',
  async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    expect(mount(disk).success).toBe(true)
    try {
      await fillAndRecover(disk)
    } finally {
      await opened.pop()?.close()
      Bun.spawnSync(['umount', disk])
    }
  },
)

async function fillAndRecover(disk: string): Promise<void> {
  path = join(disk, 'state.db')
  const filler = join(disk, 'filler')
  const store = open()
  await renew(store, '0', 0)
  await put(store, 'a', '1')
  writeFileSync(filler, Buffer.alloc(1_000_000))
  const acknowledged = new Map([['a', 2]])
  const refusals: unknown[] = []
  for (let n = 0; refusals.length < 3; n++) {
    const write = put(store, `k${n}`, 'x'.repeat(20_000))
    await write.then(
      ({ revision }) => acknowledged.set(`k${n}`, revision),
      error => refusals.push(error),
    )
  }
  for (const error of refusals) expect(error).toBeInstanceOf(StoreUnavailableError)
  expect(String(refusals[0])).toContain('free some disk space')
  expect((await store.range('')).entries).toHaveLength(acknowledged.size + 1)
  await renew(store, '1', 1)
  rmSync(filler)
  acknowledged.set('b', (await put(store, 'b', '1')).revision)
  await store.close()
  const again = open()
  expect((await again.range('')).entries).toHaveLength(acknowledged.size + 1)
  for (const [key, revision] of acknowledged) expect((await again.get(key))?.modRevision).toBe(revision)
}

function mount(disk: string) {
  return Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'hutch-test', disk])
}

function mountSmallDisk(): { works: boolean; why: string } {
  const disk = mkdtempSync(join(tmpdir(), 'hutch-disk-'))
  const tried = mount(disk)
  if (tried.success) Bun.spawnSync(['umount', disk])
  rmSync(disk, { recursive: true })
  return { works: tried.success, why: tried.stderr.toString().trim() }
}
