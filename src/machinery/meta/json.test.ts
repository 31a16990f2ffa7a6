import { expect, test } from 'bun:test'
import { jsonKind, sortKeys } from './json.ts'

test.each([
  [true, 'bool'],
  [1.5, 'number'],
  [12345678901234567890n, 'number'],
  [Symbol('1.50'), 'number'],
  ['1', 'string'],
  [[1], 'array'],
  [{ a: 1 }, 'object'],
])('Go calls %p a %s', (value, kind) => {
  expect(jsonKind(value)).toBe(kind)
})

test('members are sorted at every level, elements stay', () => {
  const sorted = sortKeys({ b: [{ d: 1, c: [3, 1] }], a: { z: 1, y: 2 } })
  expect(JSON.stringify(sorted)).toBe('{"a":{"y":2,"z":1},"b":[{"c":[3,1],"d":1}]}')
})
