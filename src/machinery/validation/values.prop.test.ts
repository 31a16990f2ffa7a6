import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { cidrContains } from './values.ts'

test('a range contains its narrower half and never itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 8, max: 31 }), (octet, bits) => {
      expect(cidrContains(`${octet}.0.0.0/${bits}`, `${octet}.0.0.0/${bits + 1}`)).toBe(true)
      expect(cidrContains(`${octet}.0.0.0/${bits}`, `${octet}.0.0.0/${bits}`)).toBe(false)
    }),
  )
})
