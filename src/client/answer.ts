import { facts } from '../api/schema/index.ts'
import { fromApiVersion } from '../machinery/meta/group.ts'
import { isMap } from '../machinery/meta/json.ts'
import { parseExact } from '../std/exact-json.ts'

/**
 * Reads an answer of a server. Upstream prints null where a list or time of a built-in kind is absent; here absent is
 * absent. In custom kinds null can be a value and stays.
 */
export function parseAnswer(text: string): unknown {
  const value: unknown = parseExact(text)
  if (!text.includes(':null') || !isMap(value)) return value
  // A watch wraps what it tells.
  const object = isMap(value.object) ? value.object : value
  if (isBuiltin(object)) dropNulls(object)
  return value
}

function isBuiltin({ apiVersion, kind }: Record<string, unknown>): boolean {
  const version = fromApiVersion(String(apiVersion))
  if (!version) return false
  const name = String(kind)
  const known = (each: string) => facts.kindSchema(version.group, version.version, each) !== undefined
  return known(name) || (name.endsWith('List') && known(name.slice(0, -'List'.length)))
}

function dropNulls(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(dropNulls)
  if (!isMap(value)) return
  for (const key of Object.keys(value)) {
    if (value[key] === null) delete value[key]
    else dropNulls(value[key])
  }
}
