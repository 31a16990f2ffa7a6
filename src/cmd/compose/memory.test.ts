import { expect, test } from 'bun:test'
import { simPorts } from '../../std/sim-ports.ts'
import { ownMemory, releaseAtRest } from './memory.ts'

const megabyte = 1 << 20
const lookMs = 15_000

/** A process whose CPU and memory are said for each look; answers the looks at which memory was released. */
async function looks(states: readonly (readonly [cpuMs: number, residentMb: number])[]): Promise<number[]> {
  const ports = simPorts()
  const stop = new AbortController()
  const released: number[] = []
  let cpuMs = 0
  let resident = 0
  let look = 0
  const memory = {
    cpuMs: () => cpuMs,
    residentBytes: () => resident * megabyte,
    release: () => void released.push(look),
  }
  const running = releaseAtRest(memory)(ports, stop.signal)
  for (const [used, residentMb] of states) {
    look++
    cpuMs += used
    resident = residentMb
    await ports.clock.advance(lookMs)
  }
  stop.abort()
  await running
  return released
}

test('memory is released at rest, once, and again after it has grown', async () => {
  const [busy, resting] = [2_000, 30]
  expect(
    await looks([
      [busy, 120],
      [resting, 120],
      [resting, 95],
      [resting, 96],
    ]),
  ).toEqual([2])
  expect(
    await looks([
      [resting, 120],
      [resting, 95],
      [busy, 140],
      [resting, 140],
      [resting, 97],
    ]),
  ).toEqual([1, 4])
  expect(
    await looks([
      [resting, 120],
      [resting, 95],
      [resting, 102],
      [resting, 104],
    ]),
  ).toEqual([1, 4])
  expect(
    await looks([
      [busy, 120],
      [busy, 130],
      [busy, 140],
    ]),
  ).toEqual([])
})

test('work right after a release does not count as what is needed', async () => {
  const states = [
    [30, 120],
    [2_000, 124],
    [30, 125],
    [30, 96],
    [30, 97],
  ] as const
  expect(await looks(states)).toEqual([1, 3])
})

test('what comes back by itself is released ever more seldom, until there was a burst of work again', async () => {
  // As on a server of many nodes: busy enough that what was released is made again.
  const steady = Array.from({ length: 30 }, (_, look): [number, number] => [700, 110 + 4 * (look % 6)])
  expect(await looks([[2_000, 130], ...steady])).toEqual([2, 5])
  expect(await looks([[2_000, 130], ...steady, [2_000, 135], [700, 135]])).toEqual([2, 5, 33])
})

test('what is kept is measured at the next rest, however much was compiled in between', async () => {
  const states = [
    [30, 120],
    [1_000, 100],
    [30, 100],
    [30, 104],
    [30, 105],
  ] as const
  expect(await looks(states)).toEqual([1])
})

test('a large heap is left alone', async () => {
  expect(
    await looks([
      [0, 401],
      [0, 800],
    ]),
  ).toEqual([])
})

test('a process knows itself', () => {
  expect(ownMemory.cpuMs()).toBeGreaterThan(0)
  expect(ownMemory.residentBytes()).toBeGreaterThan(10 * megabyte)
  ownMemory.release()
})
