/** JSON merge patch (RFC 7396) as the library that upstream uses applies it (evanphx/json-patch v4). */

import { copyToTouch, deleteTouched, setTouched } from '../meta/derived.ts'
import type { JsonMap } from '../meta/json.ts'
import { isMap, jsonKind, setMember } from '../meta/json.ts'
import { badRequest } from '../status/errors.ts'

/**
 * The patched document; inputs stay as they are and unchanged parts are shared. A patch that is no object
 * is refused with 400.
 */
export function applyMergePatch<T extends object>(document: T, patch: unknown): T {
  if (patch === null) throw badRequest('Invalid JSON Patch')
  if (!isMap(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
    )
  }
  return mergeMaps(document as JsonMap, patch) as T
}

function mergeMaps(target: JsonMap, patch: JsonMap): JsonMap {
  const merged = copyToTouch(target)
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    const current = Object.hasOwn(target, key) ? target[key] : undefined
    if (value === null) deleteTouched(merged, key)
    else if (isMap(current) && isMap(value)) setTouched(merged, key, mergeMaps(current, value))
    // An array that takes an object's place goes in as it is; everything else new loses its nulls.
    else setTouched(merged, key, isMap(current) ? value : withoutNulls(value))
  }
  return merged
}

/** Drops null members at every depth; nulls that are elements of arrays stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(item => (item === null ? null : withoutNulls(item)))
  if (!isMap(value)) return value
  const kept: JsonMap = {}
  for (const key of Object.keys(value)) {
    if (value[key] !== null) setMember(kept, key, withoutNulls(value[key]))
  }
  return kept
}
