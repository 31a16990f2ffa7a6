import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { exactInteger, isInteger, parseExact } from './exact-json.ts'

const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)

test('an integer of int64 is written as it was read, wherever it stands', () => {
  const property = fc.property(int64, fc.jsonValue(), (integer, other) => {
    const text = `{"a":[${integer},{"b":${integer}}],"other":${JSON.stringify(other)}}`
    expect(JSON.stringify(parseExact(text))).toBe(text.replace(/:-0\b(?!\.)/g, ':0'))
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('ordinary JSON reads as JSON.parse reads it', () => {
  const property = fc.property(fc.jsonValue(), value => {
    const text = JSON.stringify(value)
    const read = parseExact(text)
    expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)))
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('only integers that a number cannot hold are bigints', () => {
  expect(parseExact('[9007199254740991,9007199254740993,-9007199254740993]')).toEqual([
    ...[9007199254740991, 9007199254740993n, -9007199254740993n],
  ])
})

test('what is beyond int64 is the nearest number, as Go reads it', () => {
  expect(parseExact('[9223372036854775807,9223372036854775808]')).toEqual([9223372036854775807n, 2 ** 63])
})

test('fractions, exponents and texts with many digits stay what they are', () => {
  const text = '{"a":1234567890.12345678901,"b":1e300,"c":"9007199254740993","d":"x:9007199254740993"}'
  expect(parseExact(text)).toEqual(JSON.parse(text))
})

test('a name like __proto__ stays a member', () => {
  const read = parseExact('{"__proto__":{"x":9007199254740993}}') as object
  expect(Object.hasOwn(read, '__proto__')).toBe(true)
  expect(JSON.stringify(read)).toBe('{"__proto__":{"x":9007199254740993}}')
})

test('a bigint counts as an integer', () => {
  expect([1n, 1, 1.5, '1', null].map(isInteger)).toEqual([true, true, false, false, false])
  expect(exactInteger(5n)).toBe(5)
})
