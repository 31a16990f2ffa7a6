/** Small tools over decoded JSON that the three patch languages share. */
import { isInteger, isNumber } from '../../std/exact-json.ts'
import type { JsonMap } from '../meta/json.ts'
import { isMap, setMember } from '../meta/json.ts'

/** How Go's `%T` names a decoded JSON value. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return '%!s(<nil>)'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  if (typeof value === 'boolean') return 'bool'
  if (isNumber(value)) return isInteger(value) ? 'int64' : 'float64'
  return 'string'
}

/** Drops null members of objects at every depth, also within arrays; null elements stay. */
export function withoutNullMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullMembers)
  if (!isMap(value)) return value
  const kept: JsonMap = {}
  for (const key of Object.keys(value))
    if (value[key] !== null) setMember(kept, key, withoutNullMembers(value[key]))
  return kept
}

/** Drops every object that carries a `$patch` directive; undefined when the value itself is one. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter(item => item !== undefined)
  if (!isMap(value)) return value
  if (Object.hasOwn(value, '$patch')) return undefined
  const kept: JsonMap = {}
  for (const key of Object.keys(value)) {
    const member = withoutDirectives(value[key])
    if (member !== undefined) setMember(kept, key, member)
  }
  return kept
}
