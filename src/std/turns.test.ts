import { expect, test } from 'bun:test'
import type { Clock } from './ports.ts'
import { realClock } from './real-ports.ts'
import { SimClock } from './sim-ports.ts'
import { awaited, beginWork, queueWork, runSteps, type Steps, takeSteps } from './turns.ts'

function spin(untilMs: number): void {
  while (realClock.monotonicMs() < untilMs);
}

test('long works give way to the event loop, and only one of them has each turn', async () => {
  const order: string[] = []
  let isOver = false
  const tick = () => {
    order.push('others')
    if (!isOver) setImmediate(tick)
  }
  const work = async (name: string) => {
    const breathe = beginWork(realClock)
    for (let slice = 0; slice < 4; slice++) {
      spin(realClock.monotonicMs() + 10)
      order.push(name)
      const pause = breathe()
      expect(pause).toBeDefined()
      await pause
    }
  }
  const works = [work('a'), work('b')]
  tick()
  await Promise.all(works)
  isOver = true
  const slices = order
    .join(' ')
    .replaceAll(/(others ?)+/g, '| ')
    .split('| ')
    .map(each => each.trim())
  // Both begin at once; from then on there is one slice between two looks at the rest.
  expect(slices[0]).toBe('a b')
  for (const slice of slices.slice(1)) expect(['', 'a', 'b']).toContain(slice)
})

test('short work is not interrupted, and in virtual time none is', () => {
  expect(beginWork(realClock)()).toBeUndefined()
  const breathe = beginWork(new SimClock())
  spin(realClock.monotonicMs() + 20)
  expect(breathe()).toBeUndefined()
})

function* told(): Steps<string> {
  const first = yield* awaited(Promise.resolve('first'))
  yield
  try {
    return yield* awaited(Promise.reject<string>(new Error('second')))
  } catch (error) {
    return `${first}, ${String(error)}`
  }
}

test('work in steps waits for what it asks for, and hears of it where that fails', async () => {
  expect(await takeSteps(told())).toBe('first, Error: second')
  expect(() => runSteps(told())).toThrow('cannot be done at once')
})

test('work that is queued waits for its turn before it begins, and has its slice then', async () => {
  const breathe = queueWork(realClock)
  const pause = breathe()
  expect(pause).toBeDefined()
  await pause
  expect(breathe()).toBeUndefined()
})

test('of many long works the eldest ends first, and the others go on meanwhile', async () => {
  let nowMs = 0
  const clock: Clock = { ...realClock, monotonicMs: () => nowMs }
  const order: string[] = []
  const work = async (name: string) => {
    const breathe = beginWork(clock)
    for (let slice = 0; slice < 6; slice++) {
      nowMs += 10
      order.push(name)
      await breathe()
    }
    order.push(`${name} ends`)
  }
  await Promise.all(['a', 'b', 'c'].map(work))
  const [a, b, c] = ['a', 'b', 'c'].map(name => order.indexOf(`${name} ends`))
  expect(a).toBeLessThan(b!)
  expect(b).toBeLessThan(c!)
  const before = order.slice(0, a)
  const slices = (name: string) => before.filter(each => each === name).length
  expect(slices('a')).toBe(6)
  // Half of the slices since all had one were those of the eldest, the other half went round.
  for (const name of ['b', 'c']) expect(slices(name)).toBeWithin(2, 5)
})
