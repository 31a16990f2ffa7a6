import { expect, test } from 'bun:test'
import { createRegistry } from '../../api/registry.ts'
import type { Clock } from '../../std/ports.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { layerOver } from '../../storage/layer.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import type { Response } from '../context.ts'
import { collectionPrefix, objectKey } from '../watchcache/index.ts'
import { createWatchCache } from '../watchcache/watch-cache.ts'
import type { RestCall } from './call.ts'
import { createQuotaTurns } from './quota-turns.ts'
import { decodeStored } from './stored.ts'

const registry = createRegistry()
const pods = registry.find('', 'v1', 'pods')!

const callOf = (namespace: string, over: object = {}) =>
  ({
    resource: pods,
    context: {
      info: { verb: 'create', namespace, subresource: '', ...over },
      user: { username: 'ada', groups: [] },
    },
  }) as unknown as RestCall

/** Two servers on one store, in a namespace with a quota. */
async function setUp() {
  const ports = simPorts()
  const memory = openMemoryStore(ports)
  const store = layerOver(memory, { freshRevision: async () => memory.revision() })
  const quota = { kind: 'ResourceQuota', apiVersion: 'v1', metadata: { name: 'q', namespace: 'a' } }
  await store.write({
    key: objectKey({ group: '', plural: 'resourcequotas' }, 'a', 'q'),
    value: new TextEncoder().encode(JSON.stringify(quota)),
    expected: 0,
  })
  const open = async () => {
    const cache = createWatchCache({ store, decode: decodeStored, ...ports })
    await cache.ready
    return cache
  }
  const [one, other] = [await open(), await open()]
  const running = { now: 0, most: 0 }
  const work = () => async (): Promise<Response> => {
    running.most = Math.max(running.most, ++running.now)
    for (let n = 0; n < 5; n++) await new Promise(resolve => setImmediate(resolve))
    running.now--
    return { kind: 'raw', status: 200, contentType: 'text/plain', body: '' } as unknown as Response
  }
  const turns = [createQuotaTurns(one, ports), createQuotaTurns(other, ports)] as const
  return { ...ports, caches: [one, other] as const, turns, running, work }
}

test('servers admit into a namespace with a quota one after the other, and leave nothing behind', async () => {
  const { turns, running, work, caches } = await setUp()
  const [one, other] = turns
  await Promise.all([one(callOf('a'), work()), other(callOf('a'), work())])
  expect(running.most).toBe(1)
  expect(caches[0].count(collectionPrefix({ group: '', plural: 'quotaturns' }))).toBe(0)
})

test('requests of one server share its turn', async () => {
  const { turns, running, work } = await setUp()
  await Promise.all(Array.from({ length: 5 }, () => turns[0](callOf('a'), work())))
  expect(running.most).toBe(5)
})

test('where nothing is counted nobody waits', async () => {
  const { turns, running, work } = await setUp()
  const [one, other] = turns
  await Promise.all([one(callOf('b'), work()), other(callOf('b'), work())])
  expect(running.most).toBe(2)
  const status = { subresource: 'status', verb: 'update' }
  await Promise.all([
    one(callOf('a', status), work()),
    other(callOf('a', status), work()),
    one(callOf('a'), work()),
  ])
  expect(running.most).toBe(3)
})

/** The clock of a server that does nothing any more. */
const still = (clock: Clock): Clock => ({
  nowMs: () => clock.nowMs(),
  monotonicMs: () => clock.monotonicMs(),
  setTimer: () => () => {},
})

test('the turn of a server that died is over within three seconds', async () => {
  const { caches, clock, log, work } = await setUp()
  const dead = createQuotaTurns(caches[0], { clock: still(clock), log })
  void dead(callOf('a'), () => new Promise(() => {}))
  await clock.advance(0)
  let isDone = false
  const waiting = createQuotaTurns(caches[1], { clock, log })(callOf('a'), work()).then(() => {
    isDone = true
  })
  await clock.advance(2_300)
  expect(isDone).toBe(false)
  await clock.advance(700)
  await waiting
})

test('a turn lasts as long as its work, and nobody writes in one that may be over', async () => {
  const { turns, clock, work, caches, log } = await setUp()
  const slow = Promise.withResolvers<void>()
  const call = callOf('a')
  const lasting = turns[0](call, () => slow.promise.then(work()))
  await clock.advance(0)
  let isDone = false
  const waiting = turns[1](callOf('a'), work()).then(() => {
    isDone = true
  })
  await clock.advance(30_000)
  expect(isDone).toBe(false)
  expect(() => call.context.requireTurn!()).not.toThrow()
  slow.resolve()
  await Promise.all([lasting, clock.advance(3_000)])
  await waiting
  const later = callOf('a')
  const stopped = createQuotaTurns(caches[0], { clock: still(clock), log })
  void stopped(later, () => new Promise(() => {}))
  await clock.advance(2_600)
  expect(() => later.context.requireTurn!()).toThrow('was lost')
  // Clients try again by themselves when they are told when.
  expect(thrownBy(() => later.context.requireTurn!())).toMatchObject({
    status: { code: 503, details: { retryAfterSeconds: 1 } },
  })
})

function thrownBy(work: () => void): unknown {
  try {
    return void work()
  } catch (error) {
    return error
  }
}
