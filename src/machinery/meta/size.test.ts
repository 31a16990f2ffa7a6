import { expect, test } from 'bun:test'
import { isSmall } from './size.ts'

test('what has many members or items is not small, at whatever depth they are', () => {
  const items = Array.from({ length: 600 }, (_, at) => at)
  expect(isSmall(items)).toBe(false)
  expect(isSmall({ a: { b: [{ c: items }] } })).toBe(false)
  expect(isSmall(Object.fromEntries(items.map(at => [at, at])))).toBe(false)
  expect(isSmall(Array.from({ length: 40 }, () => Array.from({ length: 20 }, () => null)))).toBe(false)
})

test('long texts are small, and so is what holds little', () => {
  expect(isSmall('x'.repeat(1_000_000))).toBe(true)
  expect(isSmall(undefined)).toBe(true)
  expect(isSmall({ a: [1, { b: null }], c: 'd' })).toBe(true)
  expect(isSmall(Array.from({ length: 500 }, () => 0))).toBe(true)
})
