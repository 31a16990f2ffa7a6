import { expect, test } from 'bun:test'
import type { Clock } from '../../std/ports.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { createFanout } from './fanout.ts'

/** A clock on which every sending takes 5 ms. */
function slowly() {
  const clock = new SimClock()
  let spentMs = 0
  const slow: Clock = {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs() + spentMs,
    setTimer: (delayMs, fn) => clock.setTimer(delayMs, fn),
  }
  const sent: string[] = []
  const sending = (name: string) => () => {
    sent.push(name)
    spentMs += 5
  }
  return { clock, fanout: createFanout(slow), sent, sending }
}

test('what happens in one turn is sent at its end', async () => {
  const { fanout, sent, sending } = slowly()
  fanout(sending('a'))
  fanout(sending('b'))
  expect(sent).toEqual([])
  await Promise.resolve()
  expect(sent).toEqual(['a', 'b'])
})

test('after a round others have three times what it took', async () => {
  const { clock, fanout, sent, sending } = slowly()
  fanout(sending('a'))
  fanout(sending('b'))
  await Promise.resolve()
  fanout(sending('c'))
  await clock.advance(29)
  fanout(sending('d'))
  expect(sent).toEqual(['a', 'b'])
  await clock.advance(1)
  expect(sent).toEqual(['a', 'b', 'c', 'd'])
  await clock.advance(30)
  fanout(sending('e'))
  await Promise.resolve()
  expect(sent.at(-1)).toBe('e')
})

test('a round that takes long gives others their share between its slices, and loses nobody', async () => {
  const { clock, fanout, sent, sending } = slowly()
  const names = Array.from({ length: 40 }, (_, at) => `watcher-${at}`)
  for (const name of names) fanout(sending(name))
  await Promise.resolve()
  // Sixteen at a time, 5 ms each: then as long for others.
  expect(sent).toEqual(names.slice(0, 16))
  fanout(sending('late'))
  await clock.advance(79)
  expect(sent).toEqual(names.slice(0, 16))
  await clock.advance(1)
  expect(sent).toEqual(names.slice(0, 32))
  await clock.advance(400)
  expect(sent).toEqual([...names, 'late'])
})
