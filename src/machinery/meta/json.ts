import { isNumber } from '../../std/exact-json.ts'
import { quote } from './quote.ts'

/** A JSON object whose members nobody has looked at yet. */
export type JsonMap = { [key: string]: unknown }

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What Go's JSON decoder calls this value when it expected something else. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  // One that is spelled otherwise than it prints may be a symbol of its spelling.
  if (isNumber(value) || typeof value === 'symbol') return 'number'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Sets a member even when it is called `__proto__`. */
export function setMember(target: JsonMap, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    target[key] = value
  }
}

/** The same value with its members by name at every level, as Go prints maps. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map(key => [key, sortKeys(value[key])]),
  )
}

/** Prints a decoded value as Go's `%v`: `map[a:1 b:[x y]]`. Upstream's messages carry whole objects this way. */
export function formatGoValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(formatGoValue).join(' ')}]`
  if (!isMap(value)) return String(value)
  const members = Object.keys(value).sort()
  return `map[${members.map(key => `${key}:${formatGoValue(value[key])}`).join(' ')}]`
}

/** Prints a decoded value as Go's `%#v`: `map[string]interface {}{"a":1}`; its reader gave maps the type `mapType`. */
export function formatGoSyntax(value: unknown, mapType = 'map[string]interface {}'): string {
  if (value === null || value === undefined) return 'interface {}(nil)'
  if (Array.isArray(value))
    return `[]interface {}{${value.map(item => formatGoSyntax(item, mapType)).join(', ')}}`
  if (!isMap(value)) return typeof value === 'string' ? quote(value) : String(value)
  const members = Object.keys(value)
    .sort()
    .map(key => `${quote(key)}:${formatGoSyntax(value[key], mapType)}`)
  return `${mapType}{${members.join(', ')}}`
}
