/** What is stored, as bytes: made of those of the version before where that is large and little of it changed. */
import { createJsonPatcher, type JsonPatcher, type PatchOperation } from '../../kernels/json-patch-bytes.ts'
import { isLarge, touchedBetween } from '../../machinery/meta/derived.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { type CachedObject, storedForm } from '../watchcache/index.ts'

/** Below this writing an object as JSON anew is cheaper than changing bytes that are there (bench/micro/json-patch). */
const largeBytesMin = 16_384
/** Each edit looks for its place from the start. */
const editsMax = 8

let patcher: JsonPatcher | undefined

/** The JSON of `object`, which takes the place of `previous`. */
export function encodeStored(object: KubeObject, previous: CachedObject | undefined): Uint8Array {
  const before = previous?.encodings.get(storedForm)
  if (before && before.length >= largeBytesMin) {
    const edits = editsBetween(withoutRevision(previous!.object), object as unknown as JsonMap)
    patcher ??= createJsonPatcher()
    const bytes = edits && patcher.patch(before, edits)
    if (bytes) return bytes
  }
  return Buffer.from(JSON.stringify(object))
}

/** An object as it is stored: what its revision is, the store knows. */
export function withoutRevision({ metadata, ...rest }: KubeObject): JsonMap {
  const { resourceVersion: _revision, ...kept } = metadata
  return { ...rest, metadata: kept }
}

/**
 * Operations that make `next` of `old`. Undefined where they would be many, or where nobody knows what differs without
 * looking at everything.
 */
export function editsBetween(old: JsonMap, next: JsonMap): readonly PatchOperation[] | undefined {
  const edits: PatchOperation[] = []
  return collect(edits, '', old, next) ? edits : undefined
}

/** False when there is no point in going on. */
function collect(edits: PatchOperation[], path: string, old: unknown, next: unknown): boolean {
  if (old === next) return true
  if (isMap(old) && isMap(next)) return collectMembers(edits, path, old, next)
  if (Array.isArray(old) && Array.isArray(next) && old.length === next.length)
    return old.every((item, index) => collect(edits, `${path}/${index}`, item, next[index]))
  return add(edits, { op: 'replace', path, value: next })
}

function collectMembers(edits: PatchOperation[], path: string, old: JsonMap, next: JsonMap): boolean {
  const touched = touchedBetween(old, next)
  // What lies in metadata is small beside the rest.
  if (!touched && (isLarge(old) || isLarge(next)))
    return path.startsWith('/metadata/') && add(edits, { op: 'replace', path, value: next })
  for (const key of touched ?? new Set([...Object.keys(old), ...Object.keys(next)])) {
    const before = Object.hasOwn(old, key) ? old[key] : undefined
    const after = Object.hasOwn(next, key) ? next[key] : undefined
    if (!collectMember(edits, `${path}/${escaped(key)}`, before, after)) return false
  }
  return true
}

function collectMember(edits: PatchOperation[], path: string, before: unknown, after: unknown): boolean {
  if (before !== undefined && after !== undefined) return collect(edits, path, before, after)
  if (after !== undefined) return add(edits, { op: 'add', path, value: after })
  return before === undefined || add(edits, { op: 'remove', path })
}

function add(edits: PatchOperation[], edit: PatchOperation): boolean {
  return edits.push(edit) <= editsMax
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
