/** JSON as values of the language and back. */
import { exactInteger, isNumber } from '../../std/exact-json.ts'
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './language/time.ts'
import {
  Duration,
  isList,
  isMapValue,
  isStruct,
  JsonMap,
  LazyList,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './language/value.ts'
import { fieldNames } from './names.ts'

/** What the conversion looks at of an OpenAPI schema. */
export interface ValueSchema {
  readonly type?: string
  readonly format?: string
  readonly properties?: { readonly [name: string]: ValueSchema }
  readonly additionalProperties?: unknown
  readonly items?: unknown
}

/** JSON without a schema: whole numbers are ints. Nothing is copied; the JSON must not change. */
export function fromJson(raw: unknown): Value {
  if (typeof raw === 'number') return Number.isSafeInteger(raw) ? BigInt(raw) : raw
  if (typeof raw !== 'object' || raw === null) return (raw ?? null) as Value
  if (Array.isArray(raw)) return new LazyList(raw, fromJson)
  return new JsonMap(raw as Record<string, unknown>, (_name, member) => fromJson(member))
}

/** JSON as its schema says: ints, timestamps, durations, bytes; names that cannot be written are escaped. */
export function toCel(schema: ValueSchema | undefined, raw: unknown): Value {
  if (!schema || raw === null || raw === undefined) return fromJson(raw)
  if (isNumber(raw)) return schema.type === 'number' ? Number(raw) : fromJson(raw)
  if (typeof raw === 'string') return schema.format ? textToCel(schema.format, raw) : raw
  if (Array.isArray(raw)) {
    const items = (Array.isArray(schema.items) ? schema.items[0] : schema.items) as ValueSchema | undefined
    return new LazyList(raw, item => toCel(items, item))
  }
  if (typeof raw !== 'object') return raw as Value
  return objectToCel(schema, raw as Record<string, unknown>)
}

function objectToCel(schema: ValueSchema, raw: Readonly<Record<string, unknown>>): Value {
  const { properties = {}, additionalProperties } = schema
  const inner = typeof additionalProperties === 'object' ? (additionalProperties as ValueSchema) : undefined
  const entries = Object.entries(raw).flatMap(([name, member]) => {
    const names = Object.hasOwn(properties, name) ? fieldNames(name) : [name]
    return names.map((each): [string, unknown] => [each, member])
  })
  const schemas = new Map(
    Object.entries(properties).flatMap(([name, each]) => fieldNames(name).map(one => [one, each])),
  )
  return new JsonMap(Object.fromEntries(entries), (name, member) => toCel(schemas.get(name) ?? inner, member))
}

function textToCel(format: string, text: string): Value {
  switch (format) {
    case 'date':
      return parseTimestamp(`${text}T00:00:00Z`) ?? text
    case 'date-time':
      return parseTimestamp(text) ?? text
    case 'duration':
      return parseDuration(text) ?? text
    case 'byte':
      return new Uint8Array(Buffer.from(text, 'base64'))
    default:
      return text
  }
}

/** A value as JSON; undefined where it has no form as JSON (functions of the library's own types). */
export function toJson(value: Value): unknown {
  if (typeof value === 'bigint') return exactInteger(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint) return exactInteger(value.value)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof TypeValue) return value.name
  if (value instanceof Optional) return value.value === undefined ? undefined : toJson(value.value)
  if (isList(value)) return Array.from(value, toJson)
  if (!isMapValue(value))
    return isStruct(value) && 'toJson' in value ? (value as JsonStruct).toJson() : undefined
  const entries = Array.from(value.keys(), key => [String(key), toJson(value.get(key)!)] as const)
  return Object.fromEntries(entries)
}

/** A structure that has a form as JSON. */
export interface JsonStruct {
  toJson(): unknown
}
