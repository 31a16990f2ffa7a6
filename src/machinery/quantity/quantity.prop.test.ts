import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  scaledValue,
  subtractQuantity,
} from './index.ts'

const suffixes = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'e-3']
const texts = fc
  .tuple(
    fc.integer({ min: -99_999, max: 99_999 }),
    fc.integer({ min: 0, max: 999 }),
    fc.constantFrom(...suffixes),
  )
  .map(([whole, fraction, suffix]) => `${whole}.${fraction}${suffix}`)

test('printing and reading again keeps the amount to the nano', () => {
  fc.assert(
    fc.property(texts, text => {
      const quantity = parseQuantity(text)
      expect(scaledValue(parseQuantity(formatQuantity(quantity)), 9)).toBe(scaledValue(quantity, 9))
    }),
  )
})

test('addition and comparison are those of whole numbers of nanos', () => {
  fc.assert(
    fc.property(texts, texts, (left, right) => {
      const [a, b] = [parseQuantity(left), parseQuantity(right)]
      const [x, y] = [scaledValue(a, 9), scaledValue(b, 9)]
      expect(scaledValue(addQuantity(a, b), 9)).toBe(x + y)
      expect(scaledValue(subtractQuantity(a, b), 9)).toBe(x - y)
      expect(compareQuantity(a, b)).toBe(x < y ? -1 : x > y ? 1 : 0)
    }),
  )
})
