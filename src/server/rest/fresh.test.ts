import { expect, test } from 'bun:test'
import { simPorts } from '../../std/sim-ports.ts'
import { layerOver } from '../../storage/layer.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import { StoreUnavailableError } from '../../storage/store.ts'
import { startTestServer } from '../testing.ts'

/** A server that is not alone on its store, and how often it asked how far the others are. */
async function setUp() {
  const ports = simPorts()
  const memory = openMemoryStore(ports)
  const state = { asked: 0, answer: async () => memory.revision() }
  const store = layerOver(memory, {
    freshRevision() {
      state.asked++
      return state.answer()
    },
  })
  const server = await startTestServer({ ports, store })
  return { server, state, clock: ports.clock }
}

const at = { group: '', version: 'v1', resource: 'namespaces' } as const
const create = (name: string) => ({ ...at, verb: 'create', body: { metadata: { name } } }) as const

test('every request asks what is newest but those that say how old the answer may be', async () => {
  const { server, state } = await setUp()
  const { admin } = server
  const cost = async (work: () => Promise<unknown>) => {
    const before = state.asked
    await work()
    return state.asked - before
  }
  expect(await cost(() => admin.call(create('a')))).toBe(1)
  expect(await cost(() => admin.call({ ...at, verb: 'get', name: 'a' }))).toBe(1)
  expect(await cost(() => admin.call({ ...at, verb: 'list' }))).toBe(1)
  expect(await cost(() => admin.call({ ...at, verb: 'list', options: { resourceVersion: '0' } }))).toBe(0)
  expect(await cost(() => admin.call({ ...at, verb: 'list', options: { resourceVersion: '1' } }))).toBe(0)
  const review = { group: 'authorization.k8s.io', version: 'v1', resource: 'selfsubjectaccessreviews' }
  const spec = { nonResourceAttributes: { path: '/', verb: 'get' } }
  expect(await cost(() => admin.call({ ...review, verb: 'create', body: { spec } as never }))).toBe(0)
  await server.shutdown()
})

test('a store that cannot say what is newest, or does not in time, is a 503', async () => {
  const { server, state, clock } = await setUp()
  state.answer = () => Promise.reject(new StoreUnavailableError('etcd is away'))
  const refused = await server.admin.call({ ...at, verb: 'list' }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ status: { code: 503, message: expect.stringContaining('etcd is away') } })
  state.answer = () => new Promise(() => {})
  const late = server.admin.call({ ...at, verb: 'list' }).catch((error: unknown) => error)
  await clock.advance(3_100)
  expect(await late).toMatchObject({ status: { code: 503 } })
  await server.shutdown()
})
