import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { DecodeError } from '../errors.ts'
import { decodeCbor, encodeCbor } from './index.ts'

const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
const wellFormed = fc
  .jsonValue({ maxDepth: 6 })
  .map(value => JSON.parse(JSON.stringify(value).toWellFormed()))

test('a JSON value comes back from CBOR as it was', () => {
  const property = fc.property(wellFormed, value => {
    expect(JSON.stringify(decodeCbor(encodeCbor(value)))).toBe(JSON.stringify(value))
  })
  fc.assert(property, { numRuns: 2_000 })
})

test('every int64 comes back with all its digits', () => {
  const property = fc.property(int64, value => {
    expect(JSON.stringify(decodeCbor(encodeCbor([value])))).toBe(`[${value}]`)
  })
  fc.assert(property, { numRuns: 2_000 })
})

test('any bytes are read or refused, never a crash', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
    try {
      decodeCbor(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError)
    }
  })
  fc.assert(property, { numRuns: 20_000 })
})

/** RFC 8949 appendix A, what upstream accepts of it. */
const samples: readonly (readonly [string, unknown])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['20', -1],
  ['3903e7', -1000],
  ['f93c00', 1],
  ['f93e00', 1.5],
  ['f90001', 2 ** -24],
  ['fa47c35000', 100000],
  ['fb3ff199999999999a', 1.1],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['c074323031332d30332d32315432303a30343a30305a', '2013-03-21T20:04:00Z'],
  ['c11a514b67b0', '2013-03-21T20:04:00Z'],
  ['d64401020304', 'AQIDBA=='],
  ['d74401020304', '01020304'],
  ['4449455446', 'IETF'],
  ['6449455446', 'IETF'],
  ['5f42010243030405ff', '\u0001\u0002\u0003\u0004\u0005'],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
  ['d9d9f7a1616101', { a: 1 }],
]
test.each(samples)('%s is %j', (hex, value) => {
  expect(decodeCbor(Buffer.from(hex, 'hex'))).toEqual(value)
})

/** What fxamacker/cbor says with upstream's settings. */
const faults: readonly (readonly [string, string])[] = [
  ['', 'EOF'],
  ['19', 'unexpected EOF'],
  ['44010203', 'unexpected EOF'],
  ['0000', 'cbor: 1 bytes of extraneous data starting at index 1'],
  ['a2616101616102', 'cbor: found duplicate map key "a" at map element index 1'],
  ['f97e00', 'cbor: data item of cbor type primitives is not accepted by protocol: floating-point NaN'],
  ['f97c00', 'cbor: data item of cbor type primitives is not accepted by protocol: floating-point infinity'],
  ['c249010000000000000000', 'cbor: data item of cbor type tag is not accepted by protocol: bignum'],
  ['1c', 'cbor: invalid additional information 28 for type positive integer'],
  ['ff', 'cbor: unexpected "break" code'],
  ['61ff', 'cbor: invalid UTF-8 string'],
  ['5f6161ff', 'cbor: wrong element type UTF-8 text string for indefinite-length byte string'],
  [`${'81'.repeat(65)}00`, 'cbor: exceeded max nested level 64'],
  [`990401${'00'.repeat(1025)}`, 'cbor: exceeded max number of elements 1024 for CBOR array'],
  ['b90401', 'cbor: exceeded max number of key-value pairs 1024 for CBOR map'],
  [
    '1bffffffffffffffff',
    "cbor: cannot unmarshal positive integer into Go value of type int64 (18446744073709551615 overflows Go's int64)",
  ],
]
test.each(faults)('%s is refused: %s', (hex, message) => {
  expect(() => decodeCbor(Buffer.from(hex, 'hex'))).toThrow(message)
})

test('a member named __proto__ stays a member, and members without a value are left out', () => {
  const value = JSON.parse('{"__proto__":{"a":1},"b":2}') as object
  const read = decodeCbor(encodeCbor({ ...value, gone: undefined })) as object
  expect(Object.hasOwn(read, 'gone')).toBe(false)
  const own = decodeCbor(encodeCbor(value)) as object
  expect(JSON.stringify(own)).toBe('{"__proto__":{"a":1},"b":2}')
})
