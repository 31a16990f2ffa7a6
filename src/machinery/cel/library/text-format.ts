/** `'%s is %d'.format([...])` of version 2 of the strings library (cel-go ext/formatting.go). */
import { quote } from '../../meta/quote.ts'
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
import { percent, refusal, unreadable } from './format-clauses.ts'
import { exactFixed, formatDouble, printFixed, printScientific } from './number-text.ts'

/** Replaces each clause by the next argument; further ones go unseen. Throws for too few and for clauses that do not fit. */
export function formatText(text: string, args: ListValue): string {
  let next = 0
  return text.replace(percent, (_all, escaped?: string, precision?: string, verb = '') => {
    if (escaped !== undefined) return '%'
    const index = next++
    if (index >= args.length) throw new CelError(`index ${index} out of range`)
    if (verb === '' && precision === undefined) throw new CelError('unexpected end of string')
    const why = unreadable(precision, verb)
    if (why) throw new CelError(why)
    return formatClause(verb, args.at(index)!, precision === undefined ? 6 : Number(precision.slice(1)))
  })
}

function formatClause(verb: string, value: Value, precision: number): string {
  switch (verb) {
    case 'd':
      return String(integer(verb, value))
    case 'f':
      return printFixed(double(verb, value), precision)
    case 'e':
      return printScientific(double(verb, value), precision)
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : integer(verb, value).toString(2)
    case 'x':
      return hexadecimal(verb, value)
    case 'X':
      return hexadecimal(verb, value).toUpperCase()
    case 'o':
      return integer(verb, value).toString(8)
  }
  return show(value)
}

function wrong(verb: string, value: Value): CelError {
  return new CelError(refusal(verb, typeNameOf(value)))
}

function integer(verb: string, value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof Uint) return value.value
  throw wrong(verb, value)
}

function hexadecimal(verb: string, value: Value): string {
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return integer(verb, value).toString(16)
}

const namedNumbers = ['NaN', 'Infinity', '-Infinity']

function double(verb: string, value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && namedNumbers.includes(value)) return Number(value)
  throw wrong(verb, value)
}

/** `%s`: any value, texts bare; inside of lists and maps as literals of the language. */
function show(value: Value): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'string':
      return value
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'number':
      return formatDouble(value)
  }
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return decode(value)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  if (value instanceof TypeValue) return value.name
  if (isList(value)) return `[${Array.from(value, showInside).join(', ')}]`
  if (isMapValue(value)) return showMap(value)
  throw wrong('s', value)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    const why = 'invalid UTF-8 in bytes, cannot convert to string'
    throw new CelError(`error during formatting: could not convert argument "${why}" to string`)
  }
}

function showInside(value: Value): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number')
    return Number.isFinite(value) ? exactFixed(value, 6) : quote(formatDouble(value))
  if (value instanceof Uint8Array) return `b${quote(decode(value))}`
  if (value instanceof Timestamp) return `timestamp(${quote(formatTimestamp(value))})`
  if (value instanceof Duration) return `duration(${quote(formatDuration(value))})`
  if (isShown(value)) return show(value)
  throw new CelError(`error during formatting: no formatting function for ${typeNameOf(value)}`)
}

function isShown(value: Value): boolean {
  if (value === null || typeof value !== 'object') return true
  return value instanceof Uint || value instanceof TypeValue || isList(value) || isMapValue(value)
}

function showKey(key: Value): string {
  if (typeof key === 'string') return quote(key)
  if (typeof key === 'boolean' || typeof key === 'bigint') return String(key)
  if (key instanceof Uint) return String(key.value)
  throw new CelError(`error during formatting: no formatting function for map key of type ${typeNameOf(key)}`)
}

/** Sorted by the bytes of the keys as they are shown. */
function showMap(map: MapValue): string {
  const pairs = Array.from(map.keys(), key => [showKey(key), showInside(map.get(key)!)] as const)
  const sorted = pairs.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${sorted.map(([key, value]) => `${key}:${value}`).join(', ')}}`
}
