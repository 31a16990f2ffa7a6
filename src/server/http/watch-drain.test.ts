import { expect, test } from 'bun:test'
import { SimClock } from '../../std/sim-ports.ts'
import { startTestServer } from '../testing.ts'
import { createWatchDrain } from './watch-drain.ts'

/** Watches that end when they are told to. */
function enterMany(drain: ReturnType<typeof createWatchDrain>, count: number): () => number {
  let ended = 0
  for (let index = 0; index < count; index++) {
    const { signal, leave } = drain.enter()
    signal.addEventListener('abort', () => {
      ended++
      leave()
    })
  }
  return () => ended
}

test('a few watches end 200 a second, many in time for the grace', async () => {
  const clock = new SimClock()
  const few = createWatchDrain(clock, 60_000)
  const endedOfFew = enterMany(few, 101)
  const fewGone = few.empty()
  expect(endedOfFew()).toBe(1)
  await clock.advance(250)
  expect(endedOfFew()).toBe(51)
  await clock.advance(250)
  expect(endedOfFew()).toBe(101)
  await fewGone
  const many = createWatchDrain(clock, 10_000)
  const endedOfMany = enterMany(many, 20_000)
  const manyGone = many.empty()
  await clock.advance(5_000)
  expect(endedOfMany()).toBeWithin(9_900, 10_100)
  await clock.advance(5_000)
  expect(endedOfMany()).toBe(20_000)
  await manyGone
})

test('a watch that does not end is waited for as long as the grace, and one that comes late ends at once', async () => {
  const clock = new SimClock()
  const drain = createWatchDrain(clock, 10_000)
  drain.enter()
  let isGone = false
  const gone = drain.empty().then(() => {
    isGone = true
  })
  await clock.advance(9_999)
  expect(isGone).toBe(false)
  expect(drain.enter().signal.aborted).toBe(true)
  await clock.advance(1)
  await gone
})

const authorization = 'Bearer admin/system:masters'

test('a server that leaves keeps its watches until it is their turn', async () => {
  const server = await startTestServer({ shutdownWatchGraceMs: 30_000 })
  const clock = server.ports.clock as SimClock
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const watch = () =>
    fetch(`http://127.0.0.1:${port}/api/v1/configmaps?watch=1`, { headers: { authorization } })
  const [first, second] = [await watch(), await watch()]
  const down = server.shutdown()
  expect(await first.text()).toBe('')
  const namespace = 'default'
  const at = { group: '', version: 'v1', resource: 'configmaps', namespace }
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } }
  await server.admin.call({ ...at, verb: 'create', body })
  const reader = second.body!.getReader()
  const { value } = await reader.read()
  expect(JSON.parse(Buffer.from(value!).toString()).object.metadata.name).toBe('late')
  await clock.advance(10)
  expect((await reader.read()).done).toBe(true)
  const sizes = 'apiserver_watch_events_sizes_count{group="",resource="configmaps",version="v1"} 1\n'
  expect(server.ports.metrics.text()).toContain(sizes)
  await down
}, 120_000)

test('a watch that names no time lasts once to twice as long as the server says', async () => {
  const server = await startTestServer({ watchTimeoutMinMs: 60_000 })
  const clock = server.ports.clock as SimClock
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const watch = await fetch(`http://127.0.0.1:${port}/api/v1/configmaps?watch=1`, {
    headers: { authorization },
  })
  let hasEnded = false
  const text = watch.text().then(body => {
    hasEnded = true
    return body
  })
  await clock.advance(59_000)
  expect(hasEnded).toBe(false)
  await clock.advance(61_000)
  expect(await text).toBe('')
  await server.shutdown()
}, 120_000)

test('a watch is told how far it is each minute and two seconds before its end, unless nothing changed since it began', async () => {
  const server = await startTestServer()
  const clock = server.ports.clock as SimClock
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const follow = (seconds: number) =>
    fetch(
      `http://127.0.0.1:${port}/api/v1/configmaps?watch=1&allowWatchBookmarks=true&timeoutSeconds=${seconds}`,
      { headers: { authorization } },
    )
  const [long, short] = [await follow(150), await follow(1)]
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'elsewhere' } }
  const at = { group: '', version: 'v1', resource: 'secrets', namespace: 'default' }
  await server.admin.call({ ...at, verb: 'create', body })
  await clock.advance(1_000)
  expect(await short.text()).toBe('')
  const quiet = await follow(80)
  const reader = long.body!.getReader()
  for (const laterMs of [59_000, 60_000, 28_000]) {
    await clock.advance(laterMs)
    const { value } = await reader.read()
    const [told, ...more] = Buffer.from(value!).toString().trim().split('\n')
    expect(JSON.parse(told!).type).toBe('BOOKMARK')
    expect(more).toEqual([])
  }
  await clock.advance(2_000)
  expect((await reader.read()).done).toBe(true)
  expect(await quiet.text()).toBe('')
  await server.shutdown()
}, 120_000)
