import { quoteTime } from '../meta/quote.ts'
import { DecodeError } from './errors.ts'

/** Since the Unix epoch; `nanos` is never negative. */
export interface Instant {
  readonly seconds: number
  readonly nanos: number
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/
const secondsLayout = '2006-01-02T15:04:05Z07:00'
const microsLayout = '2006-01-02T15:04:05.000000Z07:00'
/** Go's zero time, year 1; upstream prints it as null and sends it as an empty message. */
export const zeroTimeSeconds = -62135596800

/** Reads the text of a meta/v1 Time. Throws DecodeError with the text of Go's time.Parse. */
export function parseTime(text: string): Instant {
  return parseInstant(text, secondsLayout)
}

/** Reads the text of a meta/v1 MicroTime: exactly six decimals. Throws DecodeError with the text of Go's time.Parse. */
export function parseMicroTime(text: string): Instant {
  return parseInstant(text, microsLayout)
}

/** Texts that need no second look: UTC, whole seconds, a day that every month has. */
const plainTime = /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/** Whether this is how upstream prints a Time, so that reading and printing it again would change nothing. */
export function isPlainTime(text: string): boolean {
  return plainTime.test(text)
}

/** Seconds since the epoch of a plain time; its digits are known to be digits. */
function plainSeconds(text: string): number {
  const two = (at: number) => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
  const month = two(5)
  // Years begin in March here, so that the leap day is the last of a year.
  const year = two(0) * 100 + two(2) - (month <= 2 ? 1 : 0)
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + two(8) - 1
  const days = year * 365 + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400) + dayOfYear
  return (days - daysToEpoch) * 86_400 + two(11) * 3_600 + two(14) * 60 + two(17)
}

/** From 1 March of year 0 to 1 January 1970. */
const daysToEpoch = 719_468

function parseInstant(text: string, layout: string): Instant {
  if (layout === secondsLayout && isPlainTime(text)) return { seconds: plainSeconds(text), nanos: 0 }
  const parts = rfc3339.exec(text)
  if (!parts || (layout === microsLayout && parts[7]?.length !== 6)) throw parseFailure(text, layout)
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const wrong = outOfRange(year, month, day) ?? outOfRangeClock(hour, minute, second, parts)
  if (wrong) throw new DecodeError(`parsing time ${quoteTime(text)}: ${wrong} out of range`)
  const local = Date.UTC(2000, month - 1, day, hour, minute, second)
  const yearShift = new Date(local).setUTCFullYear(year, month - 1, day)
  const offset = parts[8] ? (parts[8] === '-' ? -1 : 1) * (Number(parts[9]) * 60 + Number(parts[10])) * 60 : 0
  return { seconds: yearShift / 1000 - offset, nanos: Number((parts[7] ?? '').padEnd(9, '0').slice(0, 9)) }
}

function outOfRange(year: number, month: number, day: number): string | undefined {
  if (month < 1 || month > 12) return 'month'
  const lastDay = new Date(Date.UTC(2000, month, 0)).getUTCDate()
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return day < 1 || day > (month === 2 && !leap ? 28 : lastDay) ? 'day' : undefined
}

function outOfRangeClock(
  hour: number,
  minute: number,
  second: number,
  parts: RegExpExecArray,
): string | undefined {
  if (hour > 23) return 'hour'
  if (minute > 59) return 'minute'
  if (second > 59) return 'second'
  if (Number(parts[9] ?? 0) > 24) return 'time zone offset hour'
  return Number(parts[10] ?? 0) > 59 ? 'time zone offset minute' : undefined
}

/** Go names the first element of the layout that the text does not fit, and the rest of the text there, or what is too high. */
function parseFailure(text: string, layout: string): DecodeError {
  const elements: [RegExp, string, highest?: readonly [number, string]][] = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d\d/, '01'],
    [/^-/, '-'],
    [/^\d\d/, '02'],
    [/^T/, 'T'],
    [/^\d\d/, '15', [23, 'hour']],
    [/^:/, ':'],
    [/^\d\d/, '04', [59, 'minute']],
    [/^:/, ':'],
    [/^\d\d/, '05', [59, 'second']],
    layout === microsLayout ? [/^\.\d{6}/, '.000000'] : [/^(?:[.,]\d+)?/, ''],
    [/^(?:Z|[+-]\d\d:\d\d)/, 'Z07:00'],
  ]
  const start = `parsing time ${quoteTime(text)}`
  let rest = text
  for (const [pattern, element, highest] of elements) {
    const match = pattern.exec(rest)
    if (!match) {
      return new DecodeError(
        `${start} as ${quoteTime(layout)}: cannot parse ${quoteTime(rest)} as ${quoteTime(element)}`,
      )
    }
    if (highest && Number(match[0]) > highest[0])
      return new DecodeError(`${start}: ${highest[1]} out of range`)
    rest = rest.slice(match[0].length)
  }
  return new DecodeError(`${start}: extra text: ${quoteTime(rest)}`)
}

/** `2006-01-02T15:04:05Z` */
export function formatTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}Z`
}

/** `2006-01-02T15:04:05.000000Z`, cut to microseconds. */
export function formatMicroTime({ seconds, nanos }: Instant): string {
  const micros = String(Math.floor(nanos / 1000)).padStart(6, '0')
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${micros}Z`
}
