/** Decoded JSON as a value: compared, copied, frozen. */
import { touchedBetween } from './derived.ts'

/** Equal as JSON: members in any order, `undefined` members count as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b)
  return !Array.isArray(b) && equalMaps(a as Json, b as Json, deepEqual)
}

/**
 * Equal as upstream's equality.Semantic sees it: besides, absent, null, `{}` and `[]` are the same. Amounts and
 * times are compared as the texts they are, which the server keeps canonical.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isBlank(a) || isBlank(b)) return isBlank(a) && isBlank(b)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((item, index) => semanticEqual(item, b[index]))
    )
  }
  return !Array.isArray(b) && equalMaps(a as Json, b as Json, semanticEqual)
}

type Json = Record<string, unknown>

function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.length === 0
  for (const key in value) if (!isBlank((value as Json)[key])) return false
  return true
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (!deepEqual(a[index], b[index])) return false
  return true
}

function equalMaps(a: Json, b: Json, equal: (x: unknown, y: unknown) => boolean): boolean {
  const touched = touchedBetween(a, b)
  if (touched) {
    for (const key of touched) if (!equal(own(a, key), own(b, key))) return false
    return true
  }
  for (const key in a) if (!equal(a[key], own(b, key))) return false
  for (const key in b) if (!Object.hasOwn(a, key) && !equal(undefined, b[key])) return false
  return true
}

function own(map: Json, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

/** A copy that shares nothing with the original; never frozen. */
export function cloneDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  return (Array.isArray(value) ? value.map(cloneDeep) : cloneMap(value as Json)) as T
}

function cloneMap(map: Json): Json {
  const copy: Json = { ...map }
  for (const key in copy) {
    const member = copy[key]
    if (typeof member === 'object' && member !== null) copy[key] = cloneDeep(member)
  }
  return copy
}

/** Freezes a value and all below it. A part that is already frozen is taken to be frozen throughout. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const key in value) deepFreeze((value as Json)[key])
  return value
}
