import { Cron } from 'croner'
import { toTimestamp } from '../../client/timestamp.ts'
import { parseDuration } from '../../machinery/codec/duration.ts'
import { own } from '../../std/own.ts'

/** A parsed schedule. */
export interface Schedule {
  /** The first time after `ms`, in ms; undefined when there is none any more. */
  next(ms: number): number | undefined
}

const bounds = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12 },
  { min: 0, max: 6 },
] as const

const names: Readonly<Record<string, number>> = Object.fromEntries([
  ...['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [
    name,
    i + 1,
  ]),
  ...['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].map((name, i) => [name, i]),
])

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/**
 * Reads a schedule that the API has accepted, as upstream's parser (robfig/cron ParseStandard) does. `timeZone` is
 * an IANA name; without one times are UTC. Throws a RangeError for a time zone that nobody knows.
 */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  const [, zone = timeZone, schedule = text] = /^(?:CRON_)?TZ=(\S*)\s+(.*)$/.exec(text) ?? []
  const every = /^@every (.*)$/.exec(schedule)
  if (every) return everySoOften(Number(parseDuration(every[1]!) / 1_000_000n))
  // Numbers alone: what croner reads otherwise than upstream is gone by then.
  const pattern = (own(descriptors, schedule) ?? schedule).trim().split(/\s+/).map(expand).join(' ')
  const cron = new Cron(pattern, { timezone: zone, paused: true })
  return { next: ms => cron.nextRun(new Date(ms))?.getTime() }
}

/** Whole seconds, at least one. */
function everySoOften(periodMs: number): Schedule {
  const period = Math.max(1_000, periodMs - (periodMs % 1_000))
  return { next: ms => ms + period - (ms % 1_000) }
}

function expand(field: string, index: number): string {
  const { min, max } = bounds[index]!
  if (field === '*' || field === '?') return '*'
  const values = field.split(',').flatMap(range => {
    const [span = '', step = '1'] = range.split('/')
    const [from = '', to] = span.split('-')
    const isAny = from === '*' || from === '?'
    const first = isAny ? min : numberOf(from)
    const single = to === undefined && !range.includes('/')
    const last = single && !isAny ? first : to === undefined ? max : numberOf(to)
    const count = Math.floor((last - first) / Number(step)) + 1
    return Array.from({ length: count }, (_, position) => first + position * Number(step))
  })
  return [...new Set(values)].toSorted((a, b) => a - b).join(',')
}

function numberOf(text: string): number {
  return own(names, text.toLowerCase()) ?? Number(text)
}

/** RFC 3339 with the offset of a time zone. */
export function inTimeZone(ms: number, timeZone = 'UTC'): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)$/.exec(name) ?? []
  if (!sign || (hours === '00' && minutes === '00')) return toTimestamp(ms)
  const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  return `${new Date(ms + offsetMs).toISOString().slice(0, 19)}${sign}${hours}:${minutes}`
}

export interface Due {
  /** The last time that has come and not been seen to; undefined when there is none. */
  readonly dueMs: number | undefined
  readonly missed: 'none' | 'few' | 'many'
  /** Where the search began. */
  readonly earliestMs: number
}

/** The time between two starts cannot be told. */
export class InvalidScheduleError extends Error {
  override name = 'InvalidScheduleError'
}

/** The latest time of a schedule after `earliestMs` that is not in the future (cronjob utils.go mostRecentScheduleTime). */
export function lastDue(schedule: Schedule, earliestMs: number, nowMs: number): Due {
  const first = schedule.next(earliestMs)
  const second = first === undefined ? undefined : schedule.next(first)
  if (first !== undefined && nowMs < first) return { dueMs: undefined, missed: 'none', earliestMs }
  if (first !== undefined && second !== undefined && nowMs < second)
    return { dueMs: first, missed: 'none', earliestMs }
  const periodSeconds = first !== undefined && second !== undefined ? Math.round((second - first) / 1000) : 0
  if (periodSeconds < 1)
    throw new InvalidScheduleError('time difference between two schedules is less than 1 second')
  const count = Math.floor(Math.floor((nowMs - first!) / 1000) / periodSeconds) + 1
  let dueMs: number | undefined
  let time = schedule.next(first! + (count - 2) * periodSeconds * 1000)
  while (time !== undefined && time <= nowMs) {
    dueMs = time
    time = schedule.next(time)
  }
  return { dueMs, missed: count > 100 ? 'many' : 'few', earliestMs }
}
