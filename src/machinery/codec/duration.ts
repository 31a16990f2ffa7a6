import { quoteTime } from '../meta/quote.ts'
import { DecodeError } from './errors.ts'

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const nanosMax = 2n ** 63n - 1n

/** Nanoseconds of a Go duration text (`1h30m`, `-1.5s`, `300ms`). Throws DecodeError with the text of time.ParseDuration. */
export function parseDuration(text: string): bigint {
  const signed = /^([+-]?)(.*)$/s.exec(text)!
  const body = signed[2]!
  if (body === '0') return 0n
  if (body === '') throw new DecodeError(`time: invalid duration ${quoteTime(text)}`)
  let total = 0n
  for (let rest = body; rest !== ''; ) {
    const part = /^(\d*)(?:\.(\d*))?([^\d.]*)/.exec(rest)!
    total += partNanos(part, text)
    rest = rest.slice(part[0].length)
  }
  if (total > nanosMax) throw new DecodeError(`time: invalid duration ${quoteTime(text)}`)
  return signed[1] === '-' ? -total : total
}

function partNanos(part: RegExpExecArray, text: string): bigint {
  const [, whole = '', fraction = '', unit = ''] = part
  if (whole === '' && fraction === '') throw new DecodeError(`time: invalid duration ${quoteTime(text)}`)
  if (unit === '') throw new DecodeError(`time: missing unit in duration ${quoteTime(text)}`)
  const nanos = Object.hasOwn(unitNanos, unit) ? unitNanos[unit]! : undefined
  if (nanos === undefined) {
    throw new DecodeError(`time: unknown unit ${quoteTime(unit)} in duration ${quoteTime(text)}`)
  }
  const places = fraction.slice(0, 18)
  return BigInt(whole || '0') * nanos + (BigInt(places || '0') * nanos) / 10n ** BigInt(places.length)
}

/** As Go prints a duration: `0s`, `1.5µs`, `300ms`, `1h30m0s`. */
export function formatDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s'
  const sign = nanos < 0n ? '-' : ''
  const size = nanos < 0n ? -nanos : nanos
  if (size < 1_000n) return `${sign}${size}ns`
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n)}µs`
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 1_000_000n)}ms`
  const minutes = size / unitNanos.m!
  const seconds = `${decimal(size % unitNanos.m!, 1_000_000_000n)}s`
  if (minutes === 0n) return sign + seconds
  return minutes < 60n
    ? `${sign}${minutes}m${seconds}`
    : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}

function decimal(nanos: bigint, unit: bigint): string {
  const places = String(nanos % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '')
  return places === '' ? `${nanos / unit}` : `${nanos / unit}.${places}`
}
