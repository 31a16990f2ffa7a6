import { expect, test } from 'bun:test'
import { forgetKept, KeptLimit } from './kept.ts'

test('what is kept longest goes when there is no room, and nothing else', () => {
  const limit = new KeptLimit(100)
  const [a, b] = [new Map<string, string>(), new Map<string, string>()]
  limit.keep(a, 'x', 'first', 60)
  limit.keep(b, 'x', 'second', 40)
  expect([a.size, b.size]).toEqual([1, 1])
  limit.keep(b, 'y', 'third', 10)
  expect([a.size, b.size]).toEqual([0, 2])
})

test('what was made anew since is not taken for what it replaced', () => {
  const limit = new KeptLimit(100)
  const holder = new Map<string, string>()
  limit.keep(holder, 'x', 'old', 60)
  limit.keep(holder, 'x', 'new', 40)
  limit.keep(holder, 'y', 'more', 50)
  expect([...holder]).toEqual([
    ['x', 'new'],
    ['y', 'more'],
  ])
})

test('thousands that come and go leave no more than there is room for', () => {
  const limit = new KeptLimit(1_000)
  const holder = new Map<string, number>()
  for (let n = 0; n < 10_000; n++) limit.keep(holder, String(n), n, 10)
  expect(holder.size).toBe(100)
  expect(holder.get('9999')).toBe(9_999)
})

test('when all is let go of, what is kept from then on has all the room', () => {
  const limit = new KeptLimit(100)
  const holder = new Map<string, string>()
  for (let n = 0; n < 3_000; n++) limit.keep(holder, String(n), 'text', 60)
  forgetKept()
  expect(holder.size).toBe(0)
  limit.keep(holder, 'a', 'text', 60)
  limit.keep(holder, 'b', 'text', 40)
  expect([...holder.keys()]).toEqual(['a', 'b'])
})
