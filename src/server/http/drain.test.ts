import { expect, test } from 'bun:test'
import { SimClock } from '../../std/sim-ports.ts'
import { startTestServer } from '../testing.ts'
import { createDrain } from './drain.ts'

const admin = { authorization: 'Bearer admin/system:masters' }

async function over(base: string, path: string) {
  const response = await fetch(`${base}${path}`, { headers: admin })
  return { code: response.status, text: await response.text(), headers: response.headers }
}

test('a server that leaves fails /readyz alone, then sends new requests away, then ends', async () => {
  const server = await startTestServer({ shutdownDelayMs: 30_000 })
  const clock = server.ports.clock as SimClock
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const base = `http://127.0.0.1:${port}`
  expect((await over(base, '/readyz')).code).toBe(200)
  const watch = await fetch(`${base}/api/v1/pods?watch=1`, { headers: admin })
  server.leave()
  const ready = await over(base, '/readyz')
  expect(ready.code).toBe(500)
  expect(ready.text).toContain('[-]shutdown failed: reason withheld\nreadyz check failed\n')
  expect((await over(base, '/readyz/shutdown')).text).toBe(
    'internal server error: process is shutting down\n',
  )
  expect((await over(base, '/livez')).code).toBe(200)
  expect((await over(base, '/api/v1/pods')).code).toBe(200)
  const down = server.shutdown()
  expect((await over(base, '/api/v1/pods')).code).toBe(200)
  await clock.advance(30_000)
  expect(await watch.text()).toBe('')
  await down
}, 120_000)

test('what was entered is waited for, new ones are refused with Retry-After', async () => {
  const slow = Promise.withResolvers<undefined>()
  const server = await startTestServer({
    mount: routes => routes.get('/slow', async c => c.text(String(await slow.promise))),
    refusesWhileLeaving: true,
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const base = `http://127.0.0.1:${port}`
  const first = over(base, '/slow')
  await over(base, '/livez')
  const down = server.shutdown()
  await Promise.resolve()
  const refused = await over(base, '/api/v1/pods')
  expect([refused.code, refused.text]).toEqual([
    429,
    'The apiserver is shutting down, please try again later.\n',
  ])
  expect(refused.headers.get('retry-after')).toBe('5')
  expect((await over(base, '/livez')).code).toBe(200)
  slow.resolve(undefined)
  expect((await first).text).toBe('undefined')
  await down
}, 120_000)

test('unless it is to refuse them, a server that leaves takes no new connections, and ends what it has begun', async () => {
  const slow = Promise.withResolvers<undefined>()
  const asked = Promise.withResolvers<undefined>()
  const server = await startTestServer({
    mount: routes =>
      routes.get('/slow', async c => {
        asked.resolve(undefined)
        return c.text(String(await slow.promise))
      }),
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const base = `http://127.0.0.1:${port}`
  const first = over(base, '/slow')
  await asked.promise
  const down = server.shutdown()
  while (await answers(base)) await Bun.sleep(10)
  slow.resolve(undefined)
  expect((await first).text).toBe('undefined')
  await down
}, 120_000)

/** Whether a new connection is taken. */
function answers(base: string): Promise<boolean> {
  return fetch(`${base}/livez`, { keepalive: false }).then(
    () => true,
    () => false,
  )
}

test('a drain resolves at its grace when somebody never leaves', async () => {
  const clock = new SimClock()
  const drain = createDrain(clock, 0)
  drain.enter()
  const leave = drain.enter()
  leave()
  leave()
  await drain.close()
  let empty = false
  const done = drain.empty(60_000).then(() => {
    empty = true
  })
  await clock.advance(59_000)
  expect(empty).toBe(false)
  await clock.advance(1_000)
  await done
})
