import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { silentLogger } from '../../std/log.ts'
import { realPorts } from '../../std/real-ports.ts'
import {
  CasError,
  CompactedError,
  FutureRevisionError,
  type Store,
  type StoreEvent,
  StoreRefusedError,
  StoreUnavailableError,
} from '../store.ts'
import { compactOnce } from './compactor.ts'
import { connectEtcd } from './connection.ts'
import { openEtcdStore } from './etcd-store.ts'
import { etcdMissing, freePort, startEtcd, type TestEtcd } from './testing.ts'

const missing = etcdMissing()
if (missing) console.warn(`SKIP faults of etcd: ${missing}`)

const ports = realPorts(silentLogger)
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array) => new TextDecoder().decode(value)
const short = ({ type, key, value }: StoreEvent) => `${type} ${key} ${text(value)}`

/** Resolves when `isSo` holds; the test's own time limit ends what never comes. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(10)
}

function follow(store: Store, from = store.revision()) {
  const seen: string[] = []
  const revisions: number[] = []
  let ended: unknown
  const stop = new AbortController()
  const sink = (events: readonly StoreEvent[]) => {
    seen.push(...events.map(short))
    revisions.push(...events.map(({ revision }) => revision))
  }
  store.watch('', from, sink, stop.signal).then(
    () => {
      ended = 'stopped'
    },
    error => {
      ended = error
    },
  )
  return { seen, revisions, ended: () => ended }
}

/** A way to etcd that can be cut, and refuses to be made anew until it is mended. */
async function startWire(endpoint: string) {
  const target = Number(new URL(endpoint).port)
  const port = await freePort()
  const sockets = new Set<Socket>()
  const serve = () =>
    new Promise<Server>(resolve => {
      const server = createServer(inner => {
        const outer = connect(target, '127.0.0.1')
        for (const [one, other] of [
          [inner, outer],
          [outer, inner],
        ] as const) {
          sockets.add(one)
          one.pipe(other)
          one.on('error', () => other.destroy())
          one.on('close', () => {
            sockets.delete(one)
            other.destroy()
          })
        }
      })
      server.listen(port, '127.0.0.1', () => resolve(server))
    })
  let server = await serve()
  return {
    endpoint: `http://127.0.0.1:${port}`,
    cut() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
    async mend() {
      server = await serve()
    },
  }
}

describe.skipIf(missing !== undefined)('a real etcd that fails', () => {
  let etcd: TestEtcd
  const stores: Store[] = []
  const open = async (endpoint = etcd.endpoint) => {
    const store = await openEtcdStore({ endpoints: [endpoint], ports, root: '/registry/', prefix: '/test/' })
    stores.push(store)
    return store
  }
  const put = (store: Store, key: string, value: string, expected = 0) =>
    store.write({ key: `/registry/${key}`, value: bytes(value), expected })
  beforeEach(async () => {
    etcd = await startEtcd()
  }, 60_000)
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    await etcd.remove()
  }, 60_000)

  test('what one store writes the other tells, in order, and reads as soon as it asks how far things are', async () => {
    const [one, other] = [await open(), await open()]
    const watch = follow(other)
    for (let n = 0; n < 20; n++) await put(one, `a${n}`, String(n))
    const { revision } = await put(one, 'last', 'x')
    expect(await other.freshRevision!()).toBeGreaterThanOrEqual(revision)
    expect(watch.seen).toHaveLength(21)
    expect(watch.seen.at(-1)).toBe('put /registry/last x')
    expect(watch.revisions).toEqual(watch.revisions.toSorted((a, b) => a - b))
  }, 120_000)

  test('of two stores that write one key one wins, and the other sees by whom when it is refused', async () => {
    const [one, other] = [await open(), await open()]
    for (let round = 0; round < 20; round++) {
      const results = await Promise.allSettled([
        put(one, `k${round}`, 'same'),
        put(other, `k${round}`, 'same'),
      ])
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const lost = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult
      expect(lost.reason).toBeInstanceOf(CasError)
      expect(lost.reason.actual).toBeGreaterThan(0)
      expect(Math.min(one.revision(), other.revision())).toBeGreaterThanOrEqual(lost.reason.actual)
    }
  }, 120_000)

  test('a revision that a key of somebody else took is reached, too', async () => {
    const store = await open()
    const foreign = await openEtcdStore({ endpoints: [etcd.endpoint], ports, root: '/', prefix: '/other/' })
    stores.push(foreign)
    const { revision } = await foreign.write({ key: '/x', value: bytes('1'), expected: 0 })
    expect(await store.freshRevision!()).toBeGreaterThanOrEqual(revision)
    expect(await store.range('/registry/')).toMatchObject({ entries: [] })
  }, 120_000)

  test('an etcd that was killed and comes back is followed without a hole or a repetition', async () => {
    const store = await open()
    const watch = follow(store)
    await put(store, 'a', '1')
    await etcd.kill()
    const failed = await put(store, 'b', '1').then(
      () => undefined,
      error => error,
    )
    expect(failed).toBeInstanceOf(StoreUnavailableError)
    await etcd.start()
    const again = await open()
    await put(again, 'c', '1')
    await until(() => watch.seen.length === 2)
    const { revision } = await put(store, 'd', '1')
    expect(watch.seen).toEqual(['put /registry/a 1', 'put /registry/c 1', 'put /registry/d 1'])
    expect(store.revision()).toBeGreaterThanOrEqual(revision)
    expect(watch.ended()).toBeUndefined()
  }, 120_000)

  test('a watch that is cut goes on where it was', async () => {
    const wire = await startWire(etcd.endpoint)
    const [store, other] = [await open(wire.endpoint), await open()]
    const watch = follow(store)
    await put(store, 'a', '1')
    for (let round = 0; round < 3; round++) {
      wire.cut()
      await put(other, `away${round}`, '1')
      await wire.mend()
      await until(() => watch.seen.includes(`put /registry/away${round} 1`))
    }
    await put(store, 'b', '1')
    expect(watch.seen.map(line => line.split(' ')[1])).toEqual(
      ['a', 'away0', 'away1', 'away2', 'b'].map(key => `/registry/${key}`),
    )
    wire.cut()
  }, 120_000)

  test('a store that was away while etcd was compacted ends its watches, and goes on from there', async () => {
    const wire = await startWire(etcd.endpoint)
    const [store, other] = [await open(wire.endpoint), await open()]
    const watch = follow(store)
    await put(store, 'a', '1')
    wire.cut()
    await put(other, 'b', '1')
    const { revision } = await put(other, 'c', '1')
    await other.compact(revision)
    await put(other, 'd', '1')
    await wire.mend()
    await until(() => watch.ended() !== undefined)
    expect(watch.ended()).toBeInstanceOf(CompactedError)
    expect(store.compactedRevision()).toBe(revision)
    const found = await store.range('/registry/', { revision })
    expect(found.entries.map(({ key }) => key)).toEqual(['/registry/a', '/registry/b', '/registry/c'])
    const next = follow(store, revision)
    await put(store, 'e', '1')
    expect(next.seen).toEqual(['put /registry/d 1', 'put /registry/e 1'])
    wire.cut()
  }, 120_000)

  test('an etcd that is older than what was told ends the watches: it is another one, or a backup', async () => {
    const store = await open()
    const watch = follow(store)
    for (let n = 0; n < 5; n++) await put(store, `a${n}`, '1')
    await etcd.remove()
    await etcd.start()
    await until(() => watch.ended() !== undefined)
    expect(watch.ended()).toBeInstanceOf(FutureRevisionError)
  }, 120_000)

  test('of several that compact each round is one’s, and forgets what is older than the round before', async () => {
    const store = await open()
    const connection = await connectEtcd({ endpoints: [etcd.endpoint], clock: ports.clock })
    const { revision } = await put(store, 'a', '1')
    const first = await compactOnce(connection, { version: 0, revision: 0 })
    expect(first.version).toBe(1)
    const late = await compactOnce(connection, { version: 0, revision: 0 })
    expect(late.version).toBe(1)
    await put(store, 'a', '2', revision)
    const second = await compactOnce(connection, first)
    expect(second.version).toBe(2)
    expect(await compactOnce(connection, late)).toMatchObject({ version: 2 })
    await connection.range({ key: bytes('/test/a'), revision: first.revision })
    const gone = await connection.range({ key: bytes('/test/a'), revision: first.revision - 1 }).catch(String)
    expect(gone).toContain('compacted')
    connection.close()
  }, 120_000)

  test('nobody at the address is told within seconds', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const failed = await openEtcdStore({ endpoints: [nowhere], ports }).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(StoreUnavailableError)
    const both = await openEtcdStore({ endpoints: [nowhere, etcd.endpoint], ports })
    expect(await both.get('x')).toBeUndefined()
    await both.close()
  }, 120_000)
})

describe.skipIf(missing !== undefined)('an etcd that is full', () => {
  test('says so of writes, and is written again when there is room; what is there can be removed', async () => {
    const etcd = await startEtcd()
    const store = await openEtcdStore({
      endpoints: [etcd.endpoint],
      ports,
      root: '/registry/',
      prefix: '/test/',
    })
    try {
      const { revision } = await store.write({ key: '/registry/a', value: bytes('1'), expected: 0 })
      const alarm = (action: string) =>
        fetch(`${etcd.endpoint}/v3/maintenance/alarm`, {
          method: 'POST',
          body: JSON.stringify({ action, memberID: 0, alarm: 'NOSPACE' }),
        }).then(answer => answer.text())
      await alarm('ACTIVATE')
      const write = { key: '/registry/b', value: bytes('1'), expected: 0 }
      const refused = await store.write(write).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(StoreRefusedError)
      expect((refused as Error).message).toBe('etcdserver: mvcc: database space exceeded')
      await store.write({ key: '/registry/a', value: undefined, expected: revision })
      await alarm('DEACTIVATE')
      await store.write(write)
    } finally {
      await store.close()
      await etcd.remove()
    }
  }, 120_000)
})
