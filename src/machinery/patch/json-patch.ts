/** JSON patch (RFC 6902) as the library that upstream uses applies it (evanphx/json-patch v4), limits included. */

import { plainCopy } from '../codec/json/plain-copy.ts'
import { printSpelled } from '../codec/json/spelled.ts'
import { copyToTouch, deleteTouched, setTouched } from '../meta/derived.ts'
import type { JsonMap } from '../meta/json.ts'
import { isMap, jsonKind } from '../meta/json.ts'
import { deepEqual } from '../meta/value.ts'
import { badRequest, requestEntityTooLarge, unprocessable } from '../status/errors.ts'

/** More operations than this are refused with 413 (apiserver maxJSONPatchOperations). */
export const jsonPatchOperationsMax = 10_000
/** `copy` may let a document grow by this much in all (apiserver JSONPatchMaxCopyBytes). */
const copiedBytesMax = 3 * 1024 * 1024

type Container = JsonMap | unknown[]

/** The document under change. Containers in `owned` are our own copies; all others belong to the caller. */
interface Draft {
  root: unknown
  readonly owned: Set<Container>
  copiedBytes: number
}

/** Why an operation failed. Clients see upstream's general 422; the reason is its `cause`. */
class PatchFailure extends Error {
  override name = 'PatchFailure'
}

/** Whether a patch was refused because a `test` of it did not hold. */
export function isFailedTest(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.cause instanceof PatchFailure &&
    error.cause.message.endsWith(': test failed')
  )
}

/**
 * The patched document; inputs stay as they are and unchanged parts are shared. Throws 400 for what is no list of
 * operations, 413 for too many, 422 for an operation that does not apply.
 */
export function applyJsonPatch<T>(document: T, patch: unknown): T {
  const operations = readOperations(patch)
  const draft: Draft = { root: document, owned: new Set(), copiedBytes: 0 }
  try {
    for (const operation of operations) applyOperation(draft, operation)
  } catch (error) {
    if (error instanceof PatchFailure) throw unprocessable(error)
    throw error
  }
  return draft.root as T
}

function readOperations(patch: unknown): readonly JsonMap[] {
  const refuse = (found: unknown, wanted: string) =>
    badRequest(`json: cannot unmarshal ${jsonKind(found)} into Go value of type ${wanted}`)
  if (patch === null) return []
  if (!Array.isArray(patch)) throw refuse(patch, 'jsonpatch.Patch')
  if (patch.length > jsonPatchOperationsMax) {
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${jsonPatchOperationsMax}, got ${patch.length}`,
    )
  }
  return patch.map(operation => {
    if (operation === null) return {}
    if (!isMap(operation)) throw refuse(operation, 'jsonpatch.Operation')
    return operation
  })
}

function applyOperation(draft: Draft, operation: JsonMap): void {
  const kind = typeof operation.op === 'string' ? operation.op : 'unknown'
  const apply = Object.hasOwn(appliers, kind) ? appliers[kind] : undefined
  if (!apply) throw new PatchFailure(`Unexpected kind: ${kind}`)
  apply(draft, operation)
}

const appliers: Readonly<Record<string, (draft: Draft, operation: JsonMap) => void>> = {
  add(draft, operation) {
    const path = readPath(operation, 'path')
    addAt(draft, path, operationValue(operation), 'add')
  },
  remove(draft, operation) {
    const path = readPath(operation, 'path')
    removeAt(draft, path, 'remove')
  },
  replace(draft, operation) {
    const path = readPath(operation, 'path')
    if (path === '') replaceRoot(draft, operation)
    else replaceAt(draft, path, operationValue(operation))
  },
  move(draft, operation) {
    const from = readPath(operation, 'from')
    const value = readAt(draft, from, 'move')
    removeAt(draft, from, 'move')
    addAt(draft, readPath(operation, 'path'), value, 'move')
  },
  copy(draft, operation) {
    const from = readPath(operation, 'from')
    const value = readAt(draft, from, 'copy') ?? null
    draft.copiedBytes += Buffer.byteLength(printSpelled(value))
    if (draft.copiedBytes > copiedBytesMax) {
      throw new PatchFailure(
        `Unable to complete the copy, the accumulated size increase is over ${copiedBytesMax}`,
      )
    }
    addAt(draft, readPath(operation, 'path'), plainCopy(value), 'copy')
  },
  test(draft, operation) {
    const path = readPath(operation, 'path')
    const found = path === '' ? draft.root : readAt(draft, path, 'test')
    if (!deepEqual(found ?? null, operationValue(operation)))
      throw new PatchFailure(`testing value ${path} failed: test failed`)
  },
}

function readPath(operation: JsonMap, member: 'path' | 'from'): string {
  const path = operation[member]
  if (typeof path !== 'string') throw new PatchFailure(`operation, missing ${member} field`)
  return path
}

function operationValue(operation: JsonMap): unknown {
  return operation.value ?? null
}

function replaceRoot(draft: Draft, operation: JsonMap): void {
  const value = operationValue(operation)
  if (typeof value !== 'object' || value === null) {
    throw new PatchFailure('replace operation value must be object or array')
  }
  draft.root = value
}

function addAt(draft: Draft, path: string, value: unknown, kind: string): void {
  const { parent, key } = own(draft, path, kind)
  if (!Array.isArray(parent)) setTouched(parent, key, value)
  else if (key === '-') parent.push(value)
  else parent.splice(indexIn(key, parent.length + 1), 0, value)
}

function removeAt(draft: Draft, path: string, kind: string): void {
  const { parent, key } = own(draft, path, kind)
  if (Array.isArray(parent)) parent.splice(indexIn(key, parent.length), 1)
  else if (Object.hasOwn(parent, key)) deleteTouched(parent, key)
  else
    throw new PatchFailure(
      `error in ${kind} for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`,
    )
}

/** In an object upstream's library also "replaces" what is not there. */
function replaceAt(draft: Draft, path: string, value: unknown): void {
  const { parent, key } = own(draft, path, 'replace')
  if (Array.isArray(parent)) parent[indexIn(key, parent.length)] = value
  else setTouched(parent, key, value)
}

/** The value at a path; undefined for a member that an object lacks. */
function readAt(draft: Draft, path: string, kind: string): unknown {
  const { containers, key } = splitPath(path, kind)
  let parent = draft.root
  for (const token of containers) parent = member(parent, token, path, kind)
  return member(parent, key, path, kind)
}

function member(parent: unknown, key: string, path: string, kind: string): unknown {
  if (Array.isArray(parent)) return parent[indexIn(key, parent.length)]
  if (isMap(parent)) return Object.hasOwn(parent, key) ? parent[key] : undefined
  throw missing(path, kind)
}

/** Walks to the container that holds the path's last token, copying what is not yet ours. */
function own(draft: Draft, path: string, kind: string): { parent: Container; key: string } {
  const { containers, key } = splitPath(path, kind)
  let parent = claim(draft, draft.root, path, kind)
  draft.root = parent
  for (const token of containers) {
    const child = claim(draft, member(parent, token, path, kind), path, kind)
    if (Array.isArray(parent)) parent[indexIn(token, parent.length)] = child
    else setTouched(parent, token, child)
    parent = child
  }
  return { parent, key }
}

function claim(draft: Draft, value: unknown, path: string, kind: string): Container {
  if (typeof value !== 'object' || value === null) throw missing(path, kind)
  const container = value as Container
  if (draft.owned.has(container)) return container
  const copy = Array.isArray(container) ? [...container] : copyToTouch(container)
  draft.owned.add(copy)
  return copy
}

const missingPlaces: Readonly<Record<string, (path: string) => string>> = {
  add: path => `doc is missing path: "${path}"`,
  remove: path => `doc is missing path: "${path}"`,
  replace: path => `doc is missing path: ${path}`,
  test: path => `is missing path: ${path}`,
}

/** Which of its two paths a `move` or `copy` misses is told only for the source. */
function missing(path: string, kind: string): PatchFailure {
  const place = missingPlaces[kind]?.(path) ?? `doc is missing from path: ${path}`
  return new PatchFailure(`${kind} operation does not apply: ${place}: missing value`)
}

/** Upstream ignores whatever stands before the first slash. */
function splitPath(path: string, kind: string): { containers: string[]; key: string } {
  const tokens = path.split('/').slice(1).map(unescapeToken)
  const key = tokens.pop()
  if (key === undefined) throw missing(path, kind)
  return { containers: tokens, key }
}

function unescapeToken(token: string): string {
  return token.includes('~') ? token.replace(/~[01]/g, found => (found === '~1' ? '/' : '~')) : token
}

/** A position below `size`; negative ones count from the end, which is upstream's extension. */
function indexIn(key: string, size: number): number {
  const index = /^[+-]?[0-9]+$/.test(key) ? Number(key) : Number.NaN
  if (Number.isNaN(index)) throw new PatchFailure(`value was not a proper array index: '${key}'`)
  if (index >= size || index < -size) throw new PatchFailure(`Unable to access invalid index: ${index}`)
  return index < 0 ? index + size : index
}
