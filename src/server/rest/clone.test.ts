import { expect, test } from 'bun:test'
import { cloneJson } from './clone.ts'

test('a copy shares nothing, keeps odd keys, and leaves out members that are undefined', () => {
  const given = { a: [{ b: 1, c: undefined }], n: null, ...JSON.parse('{"__proto__": {"x": 1}}') }
  const copy = cloneJson(given)
  expect(JSON.stringify(copy)).toBe(JSON.stringify(given))
  expect(Object.keys(copy.a[0]!)).toEqual(['b'])
  expect(copy.a).not.toBe(given.a)
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
})
