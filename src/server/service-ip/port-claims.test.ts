import { expect, test } from 'bun:test'
import type { SimClock } from '../../std/sim-ports.ts'
import { startTestServer } from '../testing.ts'
import { createPortClaims } from './port-claims.ts'

async function setUp(held: readonly number[] = []) {
  const server = await startTestServer()
  const claims = () => createPortClaims(server.cache, server.ports, port => held.includes(port))
  return { server, clock: server.ports.clock as SimClock, one: claims(), other: claims() }
}

test('of two servers that give one port away one is told no, until the other is done', async () => {
  const { server, one, other } = await setUp()
  const answers = await Promise.all([one.claim(30_000, 'a'), other.claim(30_000, 'b')])
  expect(answers.toSorted()).toEqual([false, true])
  expect(await other.claim(30_001, 'b')).toBe(true)
  await (answers[0] ? one.release('a') : other.release('b'))
  await other.release('b')
  expect(await other.claim(30_000, 'c')).toBe(true)
  await server.shutdown()
})

test('a port that a Service has had since is not given again', async () => {
  const { server, one } = await setUp([30_000])
  expect(await one.claim(30_000, 'a')).toBe(false)
  await one.release('a')
  await server.shutdown()
})

test('what a server claimed that is gone is free after a minute', async () => {
  const { server, clock, one, other } = await setUp()
  await one.claim(30_000, 'a')
  expect(await other.claim(30_000, 'b')).toBe(false)
  await clock.advance(59_000)
  expect(await other.claim(30_000, 'b')).toBe(false)
  await clock.advance(2_000)
  expect(await other.claim(30_000, 'b')).toBe(true)
  await server.shutdown()
})
