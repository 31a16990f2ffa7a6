import type { Quantity } from './quantity.ts'
import { parseQuantity } from './quantity.ts'

const decimalSuffixes = new Map([
  [-9, 'n'],
  [-6, 'u'],
  [-3, 'm'],
  [0, ''],
  [3, 'k'],
  [6, 'M'],
  [9, 'G'],
  [12, 'T'],
  [15, 'P'],
  [18, 'E'],
])
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** Upstream's canonical text: the largest suffix of the family that leaves a whole number. */
export function formatQuantity(quantity: Quantity): string {
  const { amount, scale, format } = quantity
  if (quantity.text !== undefined) return quantity.text
  if (amount === 0n) return '0'
  if (format === 'BinarySI' && isWholeAndLarge(quantity)) return formatBinary(amount / 10n ** BigInt(scale))
  return formatDecimal(quantity)
}

/** Binary suffixes are for whole numbers from 1024 on; others print as decimals and lose nothing. */
function isWholeAndLarge({ amount, scale }: Quantity): boolean {
  const one = 10n ** BigInt(scale)
  const size = amount < 0n ? -amount : amount
  return size >= 1024n * one && size % one === 0n
}

function formatBinary(value: bigint): string {
  let rest = value
  let step = 0
  while (step < binarySuffixes.length - 1 && rest % 1024n === 0n) {
    rest /= 1024n
    step++
  }
  return `${rest}${binarySuffixes[step]}`
}

function formatDecimal({ amount, scale, format }: Quantity): string {
  let rest = amount
  let exponent = -scale
  while (rest % 10n === 0n) {
    rest /= 10n
    exponent++
  }
  while (exponent % 3 !== 0) {
    rest *= 10n
    exponent--
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${rest}` : `${rest}e${exponent}`
  // Upstream prints no suffix at all past exa; the number is kept instead by staying at exa.
  while (exponent > 18) {
    rest *= 1000n
    exponent -= 3
  }
  return `${rest}${decimalSuffixes.get(exponent)}`
}

/** The canonical text of a quantity in JSON (a string or a number). Throws QuantityError. */
export function canonicalQuantity(value: string | number): string {
  const text = typeof value === 'number' ? String(value) : value.trim()
  return isCanonical(text) ? text : formatQuantity(parseQuantity(text))
}

/** Nearly all texts in a cluster: a small whole number, alone or with a common suffix, that prints as itself. */
function isCanonical(text: string): boolean {
  if (/^[1-9][0-9]{0,2}(?:[mkMGTPE]|[KMGT]i)?$/.test(text)) return true
  return text === '0'
}
