/** As Go's `%g` prints a float in the shortest form: with an exponent below 10^-4 and from 10^6 on. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e6)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e')
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
  }
  return String(value)
}

/** As Go's `%.Nf` prints a finite float: all of its digits, the last one rounded to even from exactly half way. */
export function exactFixed(value: number, digits: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const { mantissa, exponent } = partsOf(value)
  const scaled = mantissa * 10n ** BigInt(digits)
  const whole = exponent >= 0 ? scaled << BigInt(exponent) : halve(scaled, BigInt(-exponent))
  const text = String(whole).padStart(digits + 1, '0')
  const point = text.length - digits
  return sign + text.slice(0, point) + (digits > 0 ? `.${text.slice(point)}` : '')
}

/** The magnitude of a finite float as `mantissa` times two to the power of `exponent`. */
function partsOf(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & (2n ** 52n - 1n)
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (2n ** 52n), exponent: biased - 1075 }
}

/** Divides by two so many times, and rounds to the nearest, half to even. */
function halve(value: bigint, times: bigint): bigint {
  const whole = value >> times
  const twice = (value - (whole << times)) << 1n
  const half = 1n << times
  return twice > half || (twice === half && whole & 1n) ? whole + 1n : whole
}

/** More digits than any float has behind its point. */
const digitsMax = 1074
/** What golang.org/x/text/message answers to a precision or width that it does not read. */
const unread = '%!(NOVERB)'
const isUnread = (number: number) => Math.floor(number / 10) > 1_000_000

function special(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '∞' : '-∞'
}

/**
 * As golang.org/x/text/message prints `%.Nf` in English: thousands apart, minus zero without its sign. Of a precision
 * it keeps eight bits as the digits to show, and sixteen (signed; negative: as short as it goes) as the most of them.
 */
export function printFixed(value: number, precision: number): string {
  if (isUnread(precision)) return unread
  if (!Number.isFinite(value)) return special(value)
  const least = precision & 0xff
  const most = (precision << 16) >> 16
  const text =
    most < 0 ? shortestFixed(value) : exactFixed(value === 0 ? 0 : value, Math.min(most, digitsMax))
  const [whole = '', fraction = ''] = text.split('.')
  const kept = fraction.replace(/0+$/, '').padEnd(least, '0')
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return kept === '' ? grouped : `${grouped}.${kept}`
}

/** The fewest digits that are this number, without an exponent. */
function shortestFixed(value: number): string {
  const [, sign = '', digits = '', power = ''] =
    /^(-?)(.*)e(.*)$/.exec(value.toExponential().replace('.', '')) ?? []
  const point = Number(power) + 1
  const padded = point > 0 ? digits.padEnd(point, '0') : digits.padStart(digits.length + 1 - point, '0')
  const at = Math.max(point, 1)
  return `${sign}${padded.slice(0, at)}.${padded.slice(at)}`
}

const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/**
 * As golang.org/x/text/message prints `%Ne` in English, six digits behind the point: cel-go gives it the precision
 * for the width, of which it keeps sixteen bits.
 */
export function printScientific(value: number, width: number): string {
  if (isUnread(width)) return unread
  return scientific(value).padStart(width & 0xffff)
}

function scientific(value: number): string {
  if (!Number.isFinite(value)) return special(value)
  const [mantissa = '', power = ''] = toEven(value).split('e')
  const digits = power.slice(1).padStart(2, '0')
  return `${mantissa}×10${power[0] === '-' ? '⁻' : ''}${digits.replace(/\d/g, digit => raised[Number(digit)]!)}`
}

/** With six digits behind the point, the last of them even where JavaScript would round up from exactly half way. */
function toEven(value: number): string {
  const exact = /^(-?\d\.\d{5}[02468])50*(e.*)$/.exec(value.toExponential(100))
  return exact ? exact[1]! + exact[2]! : value.toExponential(6)
}
