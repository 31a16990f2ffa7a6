/** Lists in a strategic merge patch: merged by key or as sets, then put into the order that upstream gives them. */

import type { JsonMap } from '../meta/json.ts'
import { formatGoValue, isMap } from '../meta/json.ts'
import { plainFailure, unprocessable } from '../status/errors.ts'
import { goType, withoutDirectives } from './json-value.ts'

/** What the schema says of a list. */
export interface ListRule {
  /** Merged element by element; otherwise the patch replaces the whole list. */
  readonly merge: boolean
  /** Empty for lists of primitives, which merge as sets. */
  readonly mergeKey: string
  /** Merges a change into the element that has its key. */
  readonly mergeElement: (original: JsonMap, change: JsonMap) => JsonMap
}

/** Merges a patch's list into the original's. */
export function mergeLists(original: unknown[], patch: unknown[], rule: ListRule): unknown[] {
  if (!rule.merge) return patch
  if (original.length === 0 && patch.length === 0) return original
  const ofMaps = elementsAreMaps(original, patch)
  if (!ofMaps) return arrange([...new Set([...original, ...patch])], patch, original, rule)
  if (rule.mergeKey === '') throw plainFailure('cannot merge lists without merge key for struct')
  const { kept, changes } = applyElementDirectives(original as JsonMap[], patch as JsonMap[], rule.mergeKey)
  return arrange(mergeElements(kept, changes, rule), changes, kept, rule)
}

/** Merges as `mergeLists` does, then follows the order that the patch asks for. */
export function orderedMerge(
  lists: { readonly original?: unknown[]; readonly patch?: unknown[] },
  order: unknown[],
  rule: ListRule,
): unknown[] {
  const { original = [], patch = [] } = lists
  const stray = rule.mergeKey === '' ? -1 : order.findIndex(element => !isMap(element))
  if (stray >= 0) throw plainFailure(`value for key ${stray} is not a map`)
  checkOrder(patch, order, rule)
  let merged = original
  if (!lists.original) merged = withoutDirectives(patch) as unknown[]
  else if (lists.patch) merged = mergeLists(original, patch, rule)
  if (original.length + patch.length === 0) throw plainFailure('no elements in any of the given slices')
  elementsAreMaps(original, patch)
  return arrange(merged, order, serverOrder(original, patch, rule), rule)
}

/**
 * The server's order. Elements that the patch deletes leave room in upstream's slice, and as many new ones as fit
 * there count as the server's from then on, behind the old ones.
 */
function serverOrder(original: unknown[], patch: unknown[], rule: ListRule): unknown[] {
  if (!rule.merge || rule.mergeKey === '') return original
  const id = identity(rule)
  const deleted = new Set(patch.filter(element => isMap(element) && element.$patch === 'delete').map(id))
  const kept = original.filter(element => !deleted.has(id(element)))
  if (kept.length === original.length) return original
  const known = new Set(kept.map(id))
  const fresh = patch.filter(element => !hasDirective(element) && !known.has(id(element)))
  return [...kept, ...fresh].slice(0, original.length)
}

/** What `$deleteFromPrimitiveList` does. */
export function removeFromList(original: unknown[], values: unknown[]): unknown[] {
  elementsAreMaps(original, values)
  const gone = new Set(values)
  return original.filter(item => !gone.has(item))
}

/** Whether the elements are objects; throws when they are lists or of mixed types. */
function elementsAreMaps(...lists: unknown[][]): boolean {
  const [first, ...others] = new Set(lists.flat().map(goType))
  if (first === '[]interface {}') throw unprocessable(new Error('lists of lists are not supported'))
  if (others.length > 0) {
    throw plainFailure(`list element types are not identical: ${formatGoValue(lists)}`)
  }
  return first === 'map[string]interface {}'
}

/** Carries out the `$patch` directives among the elements; the rest of the patch's elements are `changes`. */
function applyElementDirectives(original: JsonMap[], patch: JsonMap[], mergeKey: string) {
  const changes = patch.filter(element => !Object.hasOwn(element, '$patch'))
  let kept = original
  let replaced = false
  for (const element of patch) {
    if (!Object.hasOwn(element, '$patch')) continue
    const { $patch: directive } = element
    if (directive === 'replace') replaced = true
    else if (directive === 'delete') kept = withoutElement(kept, element, mergeKey)
    else if (directive === 'merge') throw plainFailure('merging lists cannot yet be specified in the patch')
    else
      throw plainFailure(`unknown patch type: ${formatGoValue(directive)} in map: ${formatGoValue(element)}`)
  }
  // With `replace` the changes are the new list: nothing is left to merge into or to order by.
  return replaced ? { kept: changes, changes: [] } : { kept, changes }
}

function withoutElement(list: JsonMap[], element: JsonMap, mergeKey: string): JsonMap[] {
  const key = keyOf(element, mergeKey)
  return list.filter(candidate => candidate[mergeKey] !== key)
}

function mergeElements(original: JsonMap[], changes: JsonMap[], rule: ListRule): JsonMap[] {
  const merged = [...original]
  const positions = new Map<unknown, number>()
  merged.forEach((element, index) => {
    if (!positions.has(element[rule.mergeKey])) positions.set(element[rule.mergeKey], index)
  })
  for (const change of changes) {
    const key = keyOf(change, rule.mergeKey)
    const index = positions.get(key)
    if (index !== undefined) merged[index] = rule.mergeElement(merged[index]!, change)
    else positions.set(key, merged.push(change) - 1)
  }
  return merged
}

function keyOf(element: JsonMap, mergeKey: string): unknown {
  if (Object.hasOwn(element, mergeKey)) return element[mergeKey]
  throw plainFailure(`map: ${formatGoValue(element)} does not contain declared merge key: ${mergeKey}`)
}

/** An element's identity: its merge key's value, or a primitive itself. */
function identity(rule: ListRule): (element: unknown) => unknown {
  return element => (isMap(element) && rule.mergeKey !== '' ? keyOf(element, rule.mergeKey) : element)
}

/**
 * Elements named by the patch follow the patch's order, the server's own keep theirs, and the two are interleaved
 * by their places on the server; what is new comes before what it meets.
 */
function arrange(
  merged: unknown[],
  patchOrder: unknown[],
  serverOrder: unknown[],
  rule: ListRule,
): unknown[] {
  const id = identity(rule)
  const inPatch = places(patchOrder, id)
  const onServer = places(serverOrder, id)
  const named = sortBy(
    merged.filter(element => inPatch.has(id(element))),
    element => inPatch.get(id(element)),
  )
  const rest = sortBy(
    merged.filter(element => !inPatch.has(id(element))),
    element => onServer.get(id(element)),
  )
  const result: unknown[] = []
  let next = 0
  for (const element of named) {
    const place = onServer.get(id(element)) ?? -1
    while (next < rest.length && (onServer.get(id(rest[next])) ?? place) < place) result.push(rest[next++])
    result.push(element)
  }
  return result.concat(rest.slice(next))
}

function places(list: unknown[], id: (element: unknown) => unknown): Map<unknown, number> {
  const found = new Map<unknown, number>()
  list.forEach((element, index) => {
    if (!found.has(id(element))) found.set(id(element), index)
  })
  return found
}

function sortBy(list: unknown[], place: (element: unknown) => number | undefined): unknown[] {
  return list.toSorted((a, b) => (place(a) ?? 0) - (place(b) ?? 0))
}

/** The patch's elements must appear among those of `$setElementOrder`, in that order. */
function checkOrder(patch: unknown[], order: unknown[], rule: ListRule): void {
  if (order.length === 0 || patch.length === 0) return
  const id = identity(rule)
  const listed = patch.filter(element => !(isMap(element) && element.$patch === 'delete'))
  let next = 0
  for (const element of order) {
    // Upstream passes over directives only while there is an order left to compare with.
    while (next < listed.length && hasDirective(listed[next])) next++
    if (next < listed.length && id(listed[next]) === id(element)) next++
  }
  if (next >= listed.length) return
  throw plainFailure(
    `The order in patch list:\n${formatGoValue(patch)}\n doesn't match $setElementOrder list:\n${formatGoValue(order)}\n`,
  )
}

function hasDirective(element: unknown): boolean {
  return isMap(element) && Object.hasOwn(element, '$patch')
}
