import { touchedBetween } from '../../machinery/meta/derived.ts'

/**
 * A private, changeable copy of plain JSON data. Twice as fast as structuredClone on API objects. Members that are
 * undefined are left out, as JSON does: objects that come from this very process may have some.
 */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(cloneJson) as T
  const copy: { [key: string]: unknown } = {}
  for (const key in value) {
    const inner = value[key]
    if (inner === undefined) continue
    if (key === '__proto__')
      Object.defineProperty(copy, key, {
        value: cloneJson(inner),
        enumerable: true,
        writable: true,
        configurable: true,
      })
    else copy[key] = cloneJson(inner)
  }
  return copy as T
}

/** Whether two values are the same JSON; an absent member equals an undefined one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) return sameArray(a, b)
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  const touched = touchedBetween(a, b)
  if (touched) return [...touched].every(key => sameJson(left[key], right[key]))
  for (const key in left) if (!sameJson(left[key], right[key])) return false
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false
  return true
}

function sameArray(a: object, b: object): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((item, index) => sameJson(item, b[index]))
}
