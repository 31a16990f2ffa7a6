import { expect, test } from 'bun:test'
import { SimClock } from '../../std/sim-ports.ts'
import { createRetryAfter } from './retry-after.ts'

test('grows while many are sent away and shrinks when it calms down, each level for itself', async () => {
  const clock = new SimClock(1_000_000)
  const retry = createRetryAfter(clock)
  const second = async (count: number, level = 'a') => {
    let told = 0
    for (let i = 0; i < count; i++) told = retry.dropped(level)
    await clock.advance(1000)
    return told
  }
  expect(await second(5)).toBe(1)
  expect(await second(10)).toBe(2)
  expect(await second(10)).toBe(2)
  expect(await second(10)).toBe(4)
  expect(await second(1, 'b')).toBe(1)
  for (let i = 0; i < 40; i++) await second(200)
  expect(await second(1)).toBe(32)
  await clock.advance(60_000)
  expect(await second(1)).toBe(31)
})
