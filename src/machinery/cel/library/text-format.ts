/** `'%s is %d'.format([...])` (cel-go ext/formatting.go). */
import { CelError } from '../language/errors.ts'
import { formatDuration, formatTimestamp } from '../language/time.ts'
import {
  Duration,
  isList,
  isMapValue,
  type ListValue,
  type MapValue,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../language/value.ts'
import { formatDouble } from './number-text.ts'

const clause = /%(?:(%)|(?:\.(\d+))?(.))?/gsu
const precisionMax = 10_000

/** Replaces each clause by the next argument. Throws for too few, too many, and clauses that do not fit. */
export function formatText(text: string, args: ListValue): string {
  let next = 0
  const made = text.replace(clause, (_all, percent?: string, precision?: string, verb?: string) => {
    if (percent) return '%'
    if (verb === undefined) throw new CelError('unexpected end of string')
    if (next >= args.length) throw new CelError(`index ${next} out of range`)
    const value = args.at(next++)!
    if (Number(precision ?? 0) > precisionMax) throw new CelError('precision is too large')
    return formatClause(verb, value, precision === undefined ? 6 : Number(precision))
  })
  if (next < args.length)
    throw new CelError(`too many arguments supplied to string.format (expected ${next}, got ${args.length})`)
  return made
}

function formatClause(verb: string, value: Value, precision: number): string {
  switch (verb) {
    case 's':
      return show(value)
    case 'd':
      return decimal(value)
    case 'f':
      return fixed(value, precision)
    case 'e':
      return exponent(value, precision)
    case 'b':
      return binary(value)
    case 'x':
    case 'X': {
      const hex = hexadecimal(value)
      return verb === 'X' ? hex.toUpperCase() : hex.toLowerCase()
    }
    case 'o':
      return integer(value, 'octal', 'integers').toString(8)
  }
  throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
}

function wrong(clauseName: string, takes: string, value: Value): CelError {
  const clauseText = `${clauseName} clause can only be used on ${takes}`
  return new CelError(`error during formatting: ${clauseText}, was given ${typeNameOf(value)}`)
}

function integer(value: Value, clauseName: string, takes: string): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof Uint) return value.value
  throw wrong(clauseName, takes, value)
}

function decimal(value: Value): string {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) throw wrong('decimal', 'integers', value)
    return special(value)
  }
  return String(integer(value, 'decimal', 'integers'))
}

function binary(value: Value): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return integer(value, 'binary', 'integers and bools').toString(2)
}

function hexadecimal(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return integer(value, 'hex', 'integers, byte buffers, and strings').toString(16)
}

function special(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? 'Infinity' : '-Infinity'
}

function double(value: Value, clauseName: string): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint) return Number(value.value)
  throw wrong(clauseName, 'doubles', value)
}

function fixed(value: Value, precision: number): string {
  const number = double(value, 'fixed-point')
  if (!Number.isFinite(number)) return special(number)
  return number.toFixed(Math.min(precision, 100)).padEnd(precision > 100 ? precision : 0, '0')
}

function exponent(value: Value, precision: number): string {
  const number = double(value, 'scientific')
  if (!Number.isFinite(number)) return special(number)
  const [mantissa = '', power = ''] = number.toExponential(Math.min(precision, 100)).split('e')
  return `${mantissa}e${power[0]}${power.slice(1).padStart(2, '0')}`
}

/** `%s`: any value; strings bare, inside of lists and maps too. */
function show(value: Value): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'string':
      return value
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? formatDouble(value) : special(value)
  }
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  if (value instanceof TypeValue) return value.name
  if (isList(value)) return `[${[...value].map(show).join(', ')}]`
  if (isMapValue(value)) return showMap(value)
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeNameOf(value)}`,
  )
}

function showMap(map: MapValue): string {
  const pairs = Array.from(map.keys(), key => [show(key), show(map.get(key)!)] as const)
  return `{${pairs
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')}}`
}
