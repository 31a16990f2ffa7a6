/** Timestamps and durations: reading, printing, limits, and looking at their parts in a time zone. */
import { CelError } from './errors.ts'
import { Duration, Timestamp } from './value.ts'

const second = 1_000_000_000n
const minSeconds = -62_135_596_800n
const maxSeconds = 253_402_300_799n
const maxDuration = 0x7fff_ffff_ffff_ffffn

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
}

/** Go's time.ParseDuration; undefined for what is none. */
export function parseDuration(text: string): Duration | undefined {
  const [, sign, rest] = /^([-+]?)(.*)$/.exec(text) ?? []
  if (rest === undefined) return undefined
  if (rest === '0') return new Duration(0n)
  const parts = [...rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/gy)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== rest) return undefined
  let total = 0n
  for (const [, whole = '', fraction = '', unit = ''] of parts) {
    if (whole === '' && fraction === '') return undefined
    const scale = units[unit]!
    total += BigInt(whole || '0') * scale
    if (fraction) total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  if (total > maxDuration) return undefined
  return new Duration(sign === '-' ? -total : total)
}

/** `5400s`, `0.5s`. */
export function formatDuration({ ns }: Duration): string {
  return `${decimal(ns)}s`
}

function decimal(ns: bigint): string {
  const magnitude = ns < 0n ? -ns : ns
  const fraction = String(magnitude % second)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${ns < 0n ? '-' : ''}${magnitude / second}${fraction && `.${fraction}`}`
}

export function durationOf(ns: bigint): Duration {
  if (ns > maxDuration || ns < -maxDuration - 1n) throw new CelError('duration overflow')
  return new Duration(ns)
}

export function timestampOf(ns: bigint): Timestamp {
  const seconds = floorDiv(ns, second)
  if (seconds < minSeconds || seconds > maxSeconds) throw new CelError('timestamp overflow')
  return new Timestamp(ns)
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([-+])(\d\d):(\d\d))$/

/** RFC 3339; undefined for what is none. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = rfc3339.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, sec, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = match
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(Number(hour), Number(minute), Number(sec))
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  if (!isReal || Number(hour) > 23 || Number(minute) > 59 || Number(sec) > 59) return undefined
  const offset = BigInt(Number(zoneHour) * 3600 + Number(zoneMinute) * 60) * (sign === '-' ? 1n : -1n)
  const seconds = BigInt(date.getTime() / 1000) + offset
  const nanos = BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  if (seconds < minSeconds || seconds > maxSeconds) return undefined
  return new Timestamp(seconds * second + nanos)
}

/** RFC 3339 in UTC with as many decimals as needed. */
export function formatTimestamp({ ns }: Timestamp): string {
  const seconds = floorDiv(ns, second)
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace(/^\+00/, '')
  const fraction = String(ns - seconds * second)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${whole}${fraction && `.${fraction}`}Z`
}

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

export type DatePart =
  | 'FullYear'
  | 'Month'
  | 'DayOfYear'
  | 'DayOfMonth'
  | 'Date'
  | 'DayOfWeek'
  | 'Hours'
  | 'Minutes'
  | 'Seconds'
  | 'Milliseconds'

/** A part of a timestamp as a clock in that zone shows it; zones are names or offsets (`-08:00`). */
export function datePart({ ns }: Timestamp, part: DatePart, zone = 'UTC'): bigint {
  const ms = Number(floorDiv(ns, 1_000_000n))
  const local = new Date(ms + offsetMs(ms, zone))
  switch (part) {
    case 'FullYear':
      return BigInt(local.getUTCFullYear())
    case 'Month':
      return BigInt(local.getUTCMonth())
    case 'DayOfYear': {
      const start = new Date(local)
      start.setUTCMonth(0, 1)
      start.setUTCHours(0, 0, 0, 0)
      return BigInt(Math.floor((local.getTime() - start.getTime()) / 86_400_000))
    }
    case 'DayOfMonth':
      return BigInt(local.getUTCDate() - 1)
    case 'Date':
      return BigInt(local.getUTCDate())
    case 'DayOfWeek':
      return BigInt(local.getUTCDay())
    case 'Hours':
      return BigInt(local.getUTCHours())
    case 'Minutes':
      return BigInt(local.getUTCMinutes())
    case 'Seconds':
      return BigInt(local.getUTCSeconds())
    case 'Milliseconds':
      return BigInt(local.getUTCMilliseconds())
  }
}

function offsetMs(ms: number, zone: string): number {
  if (zone === '' || zone === 'UTC') return 0
  const fixed = /^([-+]?)(\d\d?):(\d\d)$/.exec(zone)
  if (fixed) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3])
    return (fixed[1] === '-' ? -minutes : minutes) * 60_000
  }
  return zoneOffsetMs(ms, zone)
}

const formats = new Map<string, Intl.DateTimeFormat>()

function zoneOffsetMs(ms: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<string, number>
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: seconds = 0 } = parts
  const local = new Date(0)
  local.setUTCFullYear(year, month - 1, day)
  local.setUTCHours(hour % 24, minute, seconds)
  return local.getTime() - Math.floor(ms / 1000) * 1000
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  try {
    const made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    })
    formats.set(zone, made)
    return made
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CelError(`unknown time zone ${zone}`)
  }
}
