import { setMember } from '../../meta/json.ts'
import { DecodeError } from '../errors.ts'

/** As deep as a text may be (Go's encoding/json). */
const depthMax = 10_000

/** What writing `value` as JSON and reading it again gives. Throws DecodeError when it is too deep for that. */
export function plainCopy(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === depthMax) throw new DecodeError("invalid character '{' exceeded max depth")
  if (Array.isArray(value)) return value.map(item => plainCopy(item, depth + 1) ?? null)
  const copy: { [key: string]: unknown } = {}
  const given = value as Readonly<Record<string, unknown>>
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined) setMember(copy, name, plainCopy(given[name], depth + 1))
  }
  return copy
}
