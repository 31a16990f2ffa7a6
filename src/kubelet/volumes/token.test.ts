import { expect, test } from 'bun:test'
import type { Client } from '../../client/client.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { testPod } from '../testing.ts'
import { createPodTokens } from './token.ts'

const hourMs = 3_600_000

/** Hands out `t1`, `t2` and so on for `grantedSeconds`, or as long as is asked for; refuses while it is `down`. */
function set(grantedSeconds?: number) {
  const ports = simPorts()
  const server = { down: false, given: 0 }
  const subresource = async (_resource: unknown, { body }: { body: { spec: object } }) => {
    if (server.down) throw new Error('no connection')
    const granted = grantedSeconds === undefined ? {} : { expirationSeconds: grantedSeconds }
    return { spec: { ...body.spec, ...granted }, status: { token: `t${++server.given}` } }
  }
  const tokens = createPodTokens({ subresource } as unknown as Client, ports)
  const ask = (lifeSeconds: number, audience?: string) => tokens.token(testPod('web'), audience, lifeSeconds)
  return { ...ports, server, tokens, ask, uid: testPod('web').metadata.uid! }
}

test('a token is renewed after 80 % of its life', async () => {
  const { clock, tokens, ask, uid } = set()
  expect(tokens.freshMs(uid)).toBe(0)
  expect(await ask(3600)).toBe('t1')
  expect(tokens.freshMs(uid)).toBe(0.8 * hourMs)
  await clock.advance(0.8 * hourMs - 1)
  expect(await ask(3600)).toBe('t1')
  await clock.advance(1)
  expect(tokens.freshMs(uid)).toBe(0)
  expect(await ask(3600)).toBe('t2')
})

test('the life is what the server grants, and no token grows older than a day', async () => {
  const granted = set(600)
  await granted.ask(86_400)
  expect(granted.tokens.freshMs(granted.uid)).toBe(480_000)
  const long = set()
  await long.ask(10 * 86_400)
  expect(long.tokens.freshMs(long.uid)).toBe(24 * hourMs)
})

test('where none can be had, an old one is given until it ends', async () => {
  const { clock, server, ask } = set()
  await ask(3600)
  server.down = true
  await clock.advance(hourMs - 1)
  expect(await ask(3600)).toBe('t1')
  await clock.advance(1)
  const refused = await ask(3600).catch(error => error)
  expect(refused.message).toBe('no connection')
  server.down = false
  expect(await ask(3600)).toBe('t2')
})

test('each audience and each life has its own, until the pod is gone', async () => {
  const { tokens, ask, uid } = set()
  expect([await ask(3600), await ask(3600, 'vault'), await ask(600)]).toEqual(['t1', 't2', 't3'])
  expect(tokens.freshMs(uid)).toBe(480_000)
  expect(await ask(3600, 'vault')).toBe('t2')
  tokens.release(uid)
  expect(tokens.freshMs(uid)).toBe(0)
  expect(await ask(3600, 'vault')).toBe('t4')
})
