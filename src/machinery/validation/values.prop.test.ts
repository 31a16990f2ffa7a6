import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { cidrContains, semanticEqual } from './values.ts'

describe('semantic equality', () => {
  test('holds for a copy and fails when one leaf changes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(semanticEqual(value, structuredClone(value))).toBe(true)
        expect(semanticEqual({ value, leaf: 'a' }, { value, leaf: 'b' })).toBe(false)
      }),
    )
  })

  test('does not tell empty from absent', () => {
    const empties = [undefined, null, [], {}, '', 0, false]
    for (const a of empties) for (const b of empties) expect(semanticEqual({ x: a }, { x: b })).toBe(true)
    expect(semanticEqual({ x: [1] }, { x: [] })).toBe(false)
    expect(semanticEqual([1, 2], [2, 1])).toBe(false)
  })
})

test('a range contains its narrower half and never itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 8, max: 31 }), (octet, bits) => {
      expect(cidrContains(`${octet}.0.0.0/${bits}`, `${octet}.0.0.0/${bits + 1}`)).toBe(true)
      expect(cidrContains(`${octet}.0.0.0/${bits}`, `${octet}.0.0.0/${bits}`)).toBe(false)
    }),
  )
})
