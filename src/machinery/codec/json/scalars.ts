import { isNumber } from '../../../std/exact-json.ts'
import { canonicalQuantity, QuantityError } from '../../quantity/index.ts'
import type { ScalarSchema } from '../../schema/schema.ts'
import { formatDuration, parseDuration } from '../duration.ts'
import { DecodeError } from '../errors.ts'
import {
  formatMicroTime,
  formatTime,
  type Instant,
  isPlainTime,
  parseMicroTime,
  parseTime,
  zeroTimeSeconds,
} from '../time.ts'
import { mismatch } from './mismatch.ts'
import { numberOf } from './parse.ts'

/** Gives the canonical JSON value, as upstream prints what it read; undefined for Go's zero time. Throws on a wrong type. */
export type ScalarCheck = (value: unknown, schema: ScalarSchema) => unknown

const integerRange = (min: number, max: number): ScalarCheck => {
  return (value, schema) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw mismatch(value, schema.goType ?? schema.kind, true)
  }
}

const int32 = integerRange(-(2 ** 31), 2 ** 31 - 1)

/** What no number can hold arrives as a bigint, which is within int64. */
const longInteger = (min: number, max: number): ScalarCheck => {
  const short = integerRange(min, max)
  return (value, schema) => (typeof value === 'bigint' && value >= min ? value : short(value, schema))
}

const text: ScalarCheck = (value, schema) => {
  if (typeof value === 'string') return value
  throw mismatch(value, schema.goType ?? 'string')
}

const bool: ScalarCheck = (value, schema) => {
  if (typeof value === 'boolean') return value
  throw mismatch(value, schema.goType ?? 'bool')
}

const double: ScalarCheck = (value, schema) => {
  if (isNumber(value)) return Number(value)
  if (typeof value === 'symbol') return numberOf(value, schema.goType)
  throw mismatch(value, schema.goType ?? 'float64')
}

const byte = integerRange(0, 255)

const base64: ScalarCheck = (value, schema) => {
  // To Go these are numbers in a row.
  if (Array.isArray(value))
    return Buffer.from(
      value.map(item => (item === null ? 0 : (byte(item, { kind: 'uint32', goType: 'uint8' }) as number))),
    ).toString('base64')
  if (typeof value !== 'string') throw mismatch(value, schema.goType ?? '[]uint8')
  const wrong = illegalBase64(value)
  if (wrong !== undefined) throw new DecodeError(`illegal base64 data at input byte ${wrong}`)
  return /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value
}

/** Where Go's base64 decoder stops, or undefined. It steps over line ends. */
function illegalBase64(value: string): number | undefined {
  const foreign = value.search(/[^A-Za-z0-9+/\r\n]/)
  const digits = value.replace(/[\r\n]/g, '')
  if (foreign < 0) return digits.length % 4 === 0 ? undefined : value.length - (digits.length % 4)
  if (value[foreign] !== '=') return foreign
  const padding = /={1,2}$/.exec(digits)?.[0].length ?? 0
  const sound = digits.length % 4 === 0 && digits.indexOf('=') === digits.length - padding
  return sound ? undefined : foreign
}

const quantity: ScalarCheck = value => {
  try {
    return canonicalQuantity(amountText(value))
  } catch (error) {
    throw error instanceof QuantityError ? new DecodeError(error.message) : error
  }
}

/** Upstream reads the text, whatever it is of. */
function amountText(value: unknown): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value
  return typeof value === 'symbol' ? value.description! : JSON.stringify(value)
}

const intOrString: ScalarCheck = value => {
  return typeof value === 'string' ? value : int32(value, { kind: 'int32', goType: 'int32' })
}

const time: ScalarCheck = value => {
  if (typeof value !== 'string') throw mismatch(value, 'string')
  return isPlainTime(value) ? value : printed(parseTime(value), ({ seconds }) => formatTime(seconds))
}

const microTime: ScalarCheck = value => {
  if (typeof value !== 'string') throw mismatch(value, 'string')
  return printed(parseMicroTime(value), formatMicroTime)
}

function printed(instant: Instant, format: (instant: Instant) => string): string | undefined {
  return instant.seconds === zeroTimeSeconds && instant.nanos === 0 ? undefined : format(instant)
}

const duration: ScalarCheck = value => {
  if (typeof value !== 'string') throw mismatch(value, 'string')
  return formatDuration(parseDuration(value))
}

/** The scalars that are neither free JSON nor a nested schema. */
export const scalarChecks: Readonly<Partial<Record<ScalarSchema['kind'], ScalarCheck>>> = {
  string: text,
  bool,
  int32,
  int64: longInteger(-(2 ** 63), 2 ** 63 - 1_024),
  uint32: integerRange(0, 2 ** 32 - 1),
  uint64: longInteger(0, 2 ** 64 - 2_048),
  double,
  bytes: base64,
  quantity,
  intOrString,
  time,
  microTime,
  duration,
}
