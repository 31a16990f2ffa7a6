import { expect, test } from 'bun:test'
import type { SimClock } from '../../std/sim-ports.ts'
import { startTestServer } from '../testing.ts'
import { createPostStartHooks } from './post-start-hooks.ts'

test('/livez is patient with the start for as long as it is told, the others are not', async () => {
  const hooks = createPostStartHooks(['slow-step'])
  const server = await startTestServer({ checks: hooks.checks, livezGraceMs: 30_000 })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const code = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status
  const all = () => Promise.all(['/livez', '/livez/poststarthook/slow-step', '/healthz', '/readyz'].map(code))
  await server.aggregate()
  expect(await all()).toEqual([200, 200, 500, 500])
  await (server.ports.clock as SimClock).advance(30_000)
  expect(await all()).toEqual([500, 500, 500, 500])
  hooks.finished('slow-step')
  expect(await all()).toEqual([200, 200, 200, 200])
  await server.shutdown()
}, 120_000)
