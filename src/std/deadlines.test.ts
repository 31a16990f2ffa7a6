import { expect, test } from 'bun:test'
import { createDeadlines } from './deadlines.ts'
import { SimClock } from './sim-ports.ts'

test('each deadline comes at its own time, and a cancelled one never', async () => {
  const clock = new SimClock()
  const within = createDeadlines(clock, 1000)
  const seen: string[] = []
  within(() => seen.push('first'))
  await clock.advance(400)
  const cancel = within(() => seen.push('cancelled'))
  await clock.advance(200)
  within(() => seen.push('third'))
  cancel()
  cancel()
  await clock.advance(399)
  expect(seen).toEqual([])
  await clock.advance(1)
  expect(seen).toEqual(['first'])
  await clock.advance(599)
  expect(seen).toEqual(['first'])
  await clock.advance(1)
  expect(seen).toEqual(['first', 'third'])
})

test('one timer serves them all, and none is left when nothing is due', async () => {
  const clock = new SimClock()
  const within = createDeadlines(clock, 1000)
  const cancels = Array.from({ length: 5 }, () => within(() => {}))
  const due = clock.nextTimerMs()
  for (const cancel of cancels) cancel()
  expect(clock.nextTimerMs()).toBe(due)
  await clock.advance(1000)
  expect(clock.nextTimerMs()).toBeUndefined()
})

test('what a deadline starts comes due later', async () => {
  const clock = new SimClock()
  const within = createDeadlines(clock, 1000)
  let count = 0
  const again = () => {
    count++
    within(again)
  }
  within(again)
  await clock.advance(1000)
  expect(count).toBe(1)
  await clock.advance(1000)
  expect(count).toBe(2)
})
