import { numError } from '../../machinery/meta/strconv.ts'

/** The five fields of a schedule, with the messages of the parser that upstream uses (robfig/cron ParseStandard). */

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ['', ...months] },
  { min: 0, max: 6, names: days },
]
const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']

/** Why a schedule cannot be read; undefined for a good one. */
export function scheduleError(schedule: string): string | undefined {
  const text = schedule.replace(/^(CRON_)?TZ=\S*\s+/, '')
  if (text.startsWith('@')) return descriptorError(text)
  const parts = text.trim().split(/\s+/)
  if (parts.length !== fields.length) {
    return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`
  }
  for (const [i, part] of parts.entries()) {
    for (const range of part.split(',')) {
      const problem = rangeError(range, fields[i]!)
      if (problem) return problem
    }
  }
  return undefined
}

function descriptorError(text: string): string | undefined {
  if (descriptors.includes(text)) return undefined
  const every = /^@every (.*)$/.exec(text)
  if (!every) return `unrecognized descriptor: ${text}`
  if (/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/.test(every[1]!)) return undefined
  return `failed to parse duration ${text}: time: invalid duration "${every[1]}"`
}

function rangeError(range: string, bounds: Bounds): string | undefined {
  const [span = '', step, ...rest] = range.split('/')
  const [from = '', to, ...more] = span.split('-')
  if (more.length > 0) return `too many hyphens: ${range}`
  if (rest.length > 0) return `too many slashes: ${range}`
  const isAny = from === '*' || from === '?'
  const start = isAny ? bounds.min : toNumber(from, bounds)
  if (typeof start === 'string') return start
  const end = isAny
    ? bounds.max
    : to === undefined
      ? step === undefined
        ? start
        : bounds.max
      : toNumber(to, bounds)
  if (typeof end === 'string') return end
  const every = step === undefined ? 1 : toNumber(step, bounds)
  if (typeof every === 'string') return every
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${range}`
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${range}`
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${range}`
  return every === 0 ? `step of range should be a positive number: ${range}` : undefined
}

/** A message instead of a number when there is none. */
function toNumber(text: string, { names }: Bounds): number | string {
  const named = names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0 && text !== '') return named
  if (/^\d+$/.test(text)) return Number(text)
  if (/^-\d+$/.test(text)) return `negative number (${text}) not allowed: ${text}`
  return `failed to parse int from ${text}: ${numError('Atoi', text)}`
}
