/** Conversions, sizes, and the functions of strings and times of the standard library (cel-go common/stdlib). */
import { own } from '../../../std/own.ts'
import { CelError } from '../language/errors.ts'
import {
  type DatePart,
  datePart,
  durationOf,
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
  timestampOf,
} from '../language/time.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  paramType,
  stringType,
  type Type,
  timestampType,
  typeOf,
  uintType,
} from '../language/type.ts'
import {
  type Duration,
  type ListValue,
  type MapValue,
  sizeOf,
  type Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'
import { formatDouble } from './number-text.ts'
import { matches } from './regex.ts'

const a = paramType('A')
const b = paramType('B')
const second = 1_000_000_000n

function invalid(from: string, to: string): CelError {
  return new CelError(`type conversion error from '${from}' to '${to}'`)
}

const truths: Readonly<Record<string, boolean>> = {
  ...{ '1': true, t: true, T: true, true: true, TRUE: true, True: true },
  ...{ '0': false, f: false, F: false, false: false, FALSE: false, False: false },
}

function toBool(text: string): boolean {
  const known = Object.hasOwn(truths, text) ? truths[text] : undefined
  if (known === undefined) throw invalid('string', 'bool')
  return known
}

function toInt(text: string): bigint {
  if (!/^[-+]?\d+$/.test(text)) throw invalid('string', 'int')
  const value = BigInt(text.replace(/^\+/, ''))
  if (value < -0x8000_0000_0000_0000n || value > 0x7fff_ffff_ffff_ffffn) throw invalid('string', 'int')
  return value
}

function toUint(text: string): Uint {
  if (!/^\d+$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) throw invalid('string', 'uint')
  return new Uint(BigInt(text))
}

function doubleToInt(value: number): bigint {
  if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new CelError('integer overflow')
  return BigInt(Math.trunc(value))
}

function doubleToUint(value: number): Uint {
  if (!(value >= 0 && value < 2 ** 64)) throw new CelError('unsigned integer overflow')
  return new Uint(BigInt(Math.trunc(value)))
}

const specials: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
}

function toDouble(text: string): number {
  const special = own(specials, text.toLowerCase())
  if (special !== undefined) return special
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) throw invalid('string', 'double')
  return Number(text)
}

function bytesToText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) throw new CelError('invalid UTF-8 in bytes, cannot convert to string')
    throw error
  }
}

function textToDuration(text: string): Duration {
  const found = parseDuration(text)
  if (!found) throw invalid('string', 'google.protobuf.Duration')
  return found
}

function textToTimestamp(text: string): Timestamp {
  const found = parseTimestamp(text)
  if (!found) throw invalid('string', 'google.protobuf.Timestamp')
  return found
}

const identity = (value: Value) => value

const conversions: Functions = {
  bool: [
    global('bool_to_bool', [boolType], boolType, identity),
    global('string_to_bool', [stringType], boolType, toBool),
  ],
  bytes: [
    global('bytes_to_bytes', [bytesType], bytesType, identity),
    global('string_to_bytes', [stringType], bytesType, (text: string) => new TextEncoder().encode(text)),
  ],
  double: [
    global('double_to_double', [doubleType], doubleType, identity),
    global('int64_to_double', [intType], doubleType, Number),
    global('string_to_double', [stringType], doubleType, toDouble),
    global('uint64_to_double', [uintType], doubleType, ({ value }: Uint) => Number(value)),
  ],
  duration: [
    global('duration_to_duration', [durationType], durationType, identity),
    global('int64_to_duration', [intType], durationType, (ns: bigint) => durationOf(ns)),
    global('string_to_duration', [stringType], durationType, textToDuration),
  ],
  dyn: [global('to_dyn', [a], dynType, identity)],
  int: [
    global('int64_to_int64', [intType], intType, identity),
    global('double_to_int64', [doubleType], intType, doubleToInt),
    global('duration_to_int64', [durationType], intType, ({ ns }: Duration) => ns),
    global('string_to_int64', [stringType], intType, toInt),
    global('timestamp_to_int64', [timestampType], intType, ({ ns }: Timestamp) => {
      const seconds = ns / second
      return ns % second < 0n ? seconds - 1n : seconds
    }),
    global('uint64_to_int64', [uintType], intType, ({ value }: Uint) => {
      if (value > 0x7fff_ffff_ffff_ffffn) throw new CelError('integer overflow')
      return value
    }),
  ],
  string: [
    global('string_to_string', [stringType], stringType, identity),
    global('bool_to_string', [boolType], stringType, String),
    global('bytes_to_string', [bytesType], stringType, bytesToText),
    global('double_to_string', [doubleType], stringType, formatDouble),
    global('duration_to_string', [durationType], stringType, formatDuration),
    global('int64_to_string', [intType], stringType, String),
    global('timestamp_to_string', [timestampType], stringType, formatTimestamp),
    global('uint64_to_string', [uintType], stringType, ({ value }: Uint) => String(value)),
  ],
  timestamp: [
    global('timestamp_to_timestamp', [timestampType], timestampType, identity),
    global('int64_to_timestamp', [intType], timestampType, (seconds: bigint) =>
      timestampOf(seconds * second),
    ),
    global('string_to_timestamp', [stringType], timestampType, textToTimestamp),
  ],
  type: [global('type', [a], typeOf(a), (value: Value) => new TypeValue(typeNameOf(value)))],
  uint: [
    global('uint64_to_uint64', [uintType], uintType, identity),
    global('double_to_uint64', [doubleType], uintType, doubleToUint),
    global('int64_to_uint64', [intType], uintType, (value: bigint) => {
      if (value < 0n) throw new CelError('unsigned integer overflow')
      return new Uint(value)
    }),
    global('string_to_uint64', [stringType], uintType, toUint),
  ],
}

/** Conversions of constants are carried out when an expression is compiled. */
export const conversionNames: ReadonlySet<string> = new Set(Object.keys(conversions))

const size = (id: string, type: Type) => {
  const run = (value: string | Uint8Array | ListValue | MapValue) => BigInt(sizeOf(value))
  return [global(`size_${id}`, [type], intType, run), member(`${id}_size`, [type], intType, run)]
}

const texts: Functions = {
  size: [
    ...size('bytes', bytesType),
    ...size('list', listOf(a)),
    ...size('map', mapOf(a, b)),
    ...size('string', stringType),
  ],
  contains: [
    member('contains_string', [stringType, stringType], boolType, (x: string, y: string) => x.includes(y)),
  ],
  endsWith: [
    member('ends_with_string', [stringType, stringType], boolType, (x: string, y: string) => x.endsWith(y)),
  ],
  startsWith: [
    member('starts_with_string', [stringType, stringType], boolType, (x: string, y: string) =>
      x.startsWith(y),
    ),
  ],
  matches: [
    global('matches', [stringType, stringType], boolType, matches),
    member('matches_string', [stringType, stringType], boolType, matches),
  ],
}

const parts: Readonly<Record<string, DatePart>> = {
  getFullYear: 'FullYear',
  getMonth: 'Month',
  getDayOfYear: 'DayOfYear',
  getDayOfMonth: 'DayOfMonth',
  getDate: 'Date',
  getDayOfWeek: 'DayOfWeek',
  getHours: 'Hours',
  getMinutes: 'Minutes',
  getSeconds: 'Seconds',
  getMilliseconds: 'Milliseconds',
}

const durationParts: Readonly<Record<string, (ns: bigint) => bigint>> = {
  getHours: ns => ns / (3600n * second),
  getMinutes: ns => ns / (60n * second),
  getSeconds: ns => ns / second,
  // All of them to cel-go, not those beyond the seconds.
  getMilliseconds: ns => ns / 1_000_000n,
}

const times: Functions = Object.fromEntries(
  Object.entries(parts).map(([name, part]) => {
    const ofDuration = durationParts[name]
    return [
      name,
      [
        member(`timestamp_to_${name}`, [timestampType], intType, (at: Timestamp) => datePart(at, part)),
        member(
          `timestamp_to_${name}_with_tz`,
          [timestampType, stringType],
          intType,
          (at: Timestamp, zone: string) => datePart(at, part, zone),
        ),
        ...(ofDuration
          ? [member(`duration_to_${name}`, [durationType], intType, ({ ns }: Duration) => ofDuration(ns))]
          : []),
      ],
    ]
  }),
)

export const standard: Functions = { ...conversions, ...texts, ...times }
