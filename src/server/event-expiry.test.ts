import { afterEach, expect, test } from 'bun:test'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { SimClock } from '../std/sim-ports.ts'
import { simPorts } from '../std/sim-ports.ts'
import { openMemoryStore } from '../storage/memory/memory-store.ts'
import { startTestServer, type TestServer } from './testing.ts'

const minute = 60_000
let server: TestServer | undefined
afterEach(() => server?.shutdown(), 60_000)

const at = { group: '', version: 'v1', resource: 'events', namespace: 'default' } as const

const create = (name: string) =>
  server!.admin.call({
    ...{ ...at, verb: 'create' },
    body: {
      ...{ metadata: { name }, involvedObject: { namespace: 'default' }, reason: 'R', type: 'Normal' },
    } as unknown as KubeObject,
  })
const names = async () => {
  const { items } = (await server!.admin.call({ ...at, verb: 'list' })) as unknown as {
    items: KubeObject[]
  }
  return items.map(({ metadata }) => metadata.name)
}
const advance = (ms: number) => (server!.ports.clock as SimClock).advance(ms)

test('an event goes an hour after its last write, and watchers are told', async () => {
  server = await startTestServer()
  await create('old')
  const seen: string[] = []
  const stop = new AbortController()
  const watching = server.admin.watch(
    { ...at, verb: 'watch', options: { timeoutSeconds: 100_000 } },
    events => seen.push(...events.map(({ type, object }) => `${type} ${object.metadata.name}`)),
    stop.signal,
  )
  await advance(30 * minute)
  await create('young')
  await server.admin.call({
    ...{ ...at, verb: 'patch', name: 'young', patchType: 'application/merge-patch+json' },
    body: { count: 2 } as unknown as KubeObject,
  })
  expect(await names()).toEqual(['old', 'young'])
  await advance(32 * minute)
  expect(await names()).toEqual(['young'])
  await server.admin.call({
    ...{ ...at, verb: 'patch', name: 'young', patchType: 'application/merge-patch+json' },
    body: { count: 3 } as unknown as KubeObject,
  })
  await advance(40 * minute)
  expect(await names()).toEqual(['young'])
  await advance(25 * minute)
  expect(await names()).toEqual([])
  stop.abort()
  await watching
  expect(seen.filter(each => each.startsWith('DELETED'))).toEqual(['DELETED old', 'DELETED young'])
})

test('events of before a restart go when their time is over, and 0 keeps all', async () => {
  const ports = simPorts()
  const store = openMemoryStore(ports)
  server = await startTestServer({ ports, store })
  await create('kept')
  await advance(50 * minute)
  await server.shutdown()
  server = await startTestServer({ ports, store, eventTtlMs: 0 })
  await advance(120 * minute)
  expect(await names()).toEqual(['kept'])
  await server.shutdown()
  server = await startTestServer({ ports, store })
  await advance(2 * minute)
  expect(await names()).toEqual([])
})
