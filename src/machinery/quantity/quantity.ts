/**
 * Exact amounts with a unit suffix (apimachinery api/resource). The value is `amount × 10^-scale`, so every
 * decimal that upstream accepts (down to nano) is exact. Immutable.
 */
export interface Quantity {
  readonly amount: bigint
  /** Decimal places of `amount`, 0 to 9. */
  readonly scale: number
  readonly format: QuantityFormat
  /** How it was written, where upstream prints it back unchanged (`1.500`, `+5`). */
  readonly text?: string
}

/** The family of suffixes that a quantity is printed with. */
export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent'

/** A text that is no quantity; `message` is upstream's. */
export class QuantityError extends Error {
  override name = 'QuantityError'
}

const formatMessage =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const numberMessage = 'unable to parse numeric part of quantity'
const suffixMessage = "unable to parse quantity's suffix"

/** Places that survive; anything smaller is rounded up, away from zero. */
const scaleMax = 9
/** Upstream's largest amount: a binary quantity beyond it is cut to it. */
const amountMax = 2n ** 63n - 1n

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }

export const zeroQuantity: Quantity = { amount: 0n, scale: 0, format: 'DecimalSI' }

const grammar = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/
const parsed = new Map<string, Quantity>()
const parsedMax = 4096

/** Reads `1500m`, `1.5Gi`, `2e3`. Throws QuantityError with upstream's text. Recent texts are remembered. */
export function parseQuantity(text: string): Quantity {
  const known = parsed.get(text)
  if (known) return known
  const quantity = readQuantity(text)
  // Forgetting all at once keeps the table bounded without bookkeeping; real clusters use few distinct texts.
  if (parsed.size >= parsedMax) parsed.clear()
  parsed.set(text, quantity)
  return quantity
}

/** The amounts of a ResourceList, by name. Throws as `parseQuantity` does. */
export function parseQuantities(
  list: Readonly<Record<string, string>> | undefined,
): Record<string, Quantity> {
  return Object.fromEntries(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]))
}

function readQuantity(text: string): Quantity {
  const match = text === '' ? null : grammar.exec(text)
  if (!match) throw new QuantityError(formatMessage)
  const [, sign, whole = '', fraction = '', suffix = ''] = match
  const unit = readSuffix(suffix)
  const places = fraction.length - (unit.base === 10 ? unit.exponent : 0)
  const empty = whole === '' && fraction === ''
  if (empty && (places > scaleMax || unit.exponent >= 50)) throw new QuantityError(numberMessage)
  const digits = BigInt(`${whole}${fraction}` || '0')
  const { amount, scale } = roundUp(unit.base === 2 ? digits << BigInt(unit.exponent) : digits, places)
  const { size, format } = limit(amount, scale, unit.format)
  const quantity: Quantity = { amount: sign === '-' ? -size : size, scale, format }
  return printsAsWritten(whole, fraction, unit) ? { ...quantity, text } : quantity
}

/** Upstream keeps the text of what its fast path takes for canonical; the limits are those of its int64. */
function printsAsWritten(whole: string, fraction: string, unit: Unit): boolean {
  const digits = whole.replace(/^0+/, '') || '0'
  if (unit.base === 2) {
    if (fraction !== '' || digits.length + Math.trunc(unit.exponent * 0.3) > 14) return false
    return (BigInt(digits) & 7n) !== 0n
  }
  const shifted = digits + fraction
  const places = fraction.length - unit.exponent
  if (shifted.length > 18 || places > scaleMax || places % 3 !== 0) return false
  return !shifted.startsWith('0') && !shifted.endsWith('000')
}

function limit(
  amount: bigint,
  scale: number,
  format: QuantityFormat,
): { size: bigint; format: QuantityFormat } {
  if (format !== 'BinarySI') return { size: amount, format }
  const one = 10n ** BigInt(scale)
  if (amount > 0n && amount < one) return { size: amount, format: 'DecimalSI' }
  return { size: amount > amountMax * one ? amountMax * one : amount, format }
}

interface Unit {
  readonly base: 2 | 10
  readonly exponent: number
  readonly format: QuantityFormat
}

function readSuffix(suffix: string): Unit {
  const decimal = decimalExponents[suffix]
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' }
  const binary = binaryExponents[suffix]
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' }
  const exponent = /^[eE]([+-]?[0-9]+)$/.exec(suffix)?.[1]
  if (exponent === undefined || Math.abs(Number(exponent)) > exponentMax)
    throw new QuantityError(suffixMessage)
  return { base: 10, exponent: Number(exponent), format: 'DecimalExponent' }
}

/** Far beyond any amount, and small enough that nobody makes the server compute with millions of digits. */
const exponentMax = 1000

/** Brings a non-negative amount with any number of places to 0–9 places, rounding up. */
function roundUp(amount: bigint, places: number): { amount: bigint; scale: number } {
  if (places <= 0) return { amount: amount * 10n ** BigInt(-places), scale: 0 }
  if (places <= scaleMax) return { amount, scale: places }
  return { amount: divideUp(amount, 10n ** BigInt(places - scaleMax)), scale: scaleMax }
}

/** Quotient rounded away from zero. */
function divideUp(amount: bigint, divisor: bigint): bigint {
  const quotient = amount / divisor
  if (quotient * divisor === amount) return quotient
  return amount < 0n ? quotient - 1n : quotient + 1n
}

/** The value in whole units, rounded away from zero (upstream's Value). */
export function quantityValue(quantity: Quantity): bigint {
  return scaledValue(quantity, 0)
}

/** The value in thousandths, rounded away from zero (upstream's MilliValue). */
export function milliValue(quantity: Quantity): bigint {
  return scaledValue(quantity, 3)
}

/** The value in units of 10^-places, rounded away from zero. */
export function scaledValue({ amount, scale }: Quantity, places: number): bigint {
  if (scale <= places) return amount * 10n ** BigInt(places - scale)
  return divideUp(amount, 10n ** BigInt(scale - places))
}

/** The nearest double; for comparing, use `compareQuantity`. */
export function quantityToNumber({ amount, scale }: Quantity): number {
  return scale === 0 ? Number(amount) : Number(amount) / 10 ** scale
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantity(a: Quantity, b: Quantity): number {
  const scale = Math.max(a.scale, b.scale)
  const left = scaledValue(a, scale)
  const right = scaledValue(b, scale)
  return left < right ? -1 : left > right ? 1 : 0
}

/** The exact sum, printed like `a` unless `a` is zero. */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  const scale = Math.max(a.scale, b.scale)
  const format = a.amount === 0n ? b.format : a.format
  return { amount: scaledValue(a, scale) + scaledValue(b, scale), scale, format }
}

/** Rounds away from zero to at most `places` decimals (upstream's RoundUp; resource lists keep thousandths). */
export function roundUpQuantity(quantity: Quantity, places: number): Quantity {
  if (quantity.scale <= places) return quantity
  return { amount: scaledValue(quantity, places), scale: places, format: quantity.format }
}

/** The exact difference, printed like `a` unless `a` is zero. */
export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  return addQuantity(a, { ...b, amount: -b.amount })
}

export function isZeroQuantity(quantity: Quantity): boolean {
  return quantity.amount === 0n
}

/** `count` whole units. */
export function quantityOf(count: bigint | number, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { amount: BigInt(count), scale: 0, format }
}
