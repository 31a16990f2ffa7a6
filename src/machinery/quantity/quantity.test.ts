import { describe, expect, test } from 'bun:test'
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  milliValue,
  parseQuantity,
  quantityToNumber,
  quantityValue,
  roundUpQuantity,
  subtractQuantity,
} from './index.ts'

describe('quantity', () => {
  test.each([
    ['0', '0'],
    ['000', '0'],
    ['1', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['1000k', '1M'],
    ['1024Ki', '1Mi'],
    ['1.5Gi', '1536Mi'],
    ['1000Ki', '1000Ki'],
    ['0.1Ki', '102400m'],
    ['512Ki', '512Ki'],
    ['1000000n', '1m'],
    ['1e3', '1e3'],
    ['12E6', '12E6'],
    ['1000e3', '1e6'],
    ['100e-12', '1e-9'],
    ['1.500', '1.500'],
    ['+5', '+5'],
    ['-1.5', '-1500m'],
    ['m', '0'],
    ['16Ei', '9223372036854775807'],
  ])('%s prints as upstream prints it: %s', (text, shown) => {
    expect(formatQuantity(parseQuantity(text))).toBe(shown)
    expect(canonicalQuantity(text)).toBe(shown)
  })

  test.each([
    ['', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ['1x', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ['1k2', "unable to parse quantity's suffix"],
    ['1mi', "unable to parse quantity's suffix"],
    ['Pi', 'unable to parse numeric part of quantity'],
  ])('%p is refused with upstream’s text', (text, message) => {
    expect(() => parseQuantity(text)).toThrow(message)
  })

  test('value and milliValue round away from zero', () => {
    expect(quantityValue(parseQuantity('1100m'))).toBe(2n)
    expect(milliValue(parseQuantity('1.0001'))).toBe(1001n)
    expect(milliValue(parseQuantity('2Ki'))).toBe(2_048_000n)
    expect(quantityToNumber(parseQuantity('250m'))).toBe(0.25)
  })

  test('a sum is exact and prints like its first non-zero part', () => {
    expect(formatQuantity(addQuantity(parseQuantity('1Gi'), parseQuantity('512Mi')))).toBe('1536Mi')
    expect(formatQuantity(addQuantity(parseQuantity('0'), parseQuantity('1Gi')))).toBe('1Gi')
    expect(formatQuantity(subtractQuantity(parseQuantity('1'), parseQuantity('1500m')))).toBe('-500m')
  })

  test('different spellings of one amount compare equal', () => {
    expect(compareQuantity(parseQuantity('1'), parseQuantity('1000m'))).toBe(0)
    expect(compareQuantity(parseQuantity('1Ki'), parseQuantity('1k'))).toBe(1)
    expect(compareQuantity(parseQuantity('999n'), parseQuantity('1u'))).toBe(-1)
  })

  test('rounding up keeps what is precise enough as it was written', () => {
    expect(formatQuantity(roundUpQuantity(parseQuantity('1.500'), 3))).toBe('1.500')
    expect(formatQuantity(roundUpQuantity(parseQuantity('100u'), 3))).toBe('1m')
  })

  test('a number as JSON carries it is taken too', () => {
    expect(canonicalQuantity(2)).toBe('2')
    expect(canonicalQuantity(0.5)).toBe('500m')
  })
})
