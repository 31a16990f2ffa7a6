/** The live object with an applied configuration laid over it (structured-merge-diff Merge). Removes nothing. */
import type { JsonMap } from '../meta/json.ts'
import { setMember } from '../meta/json.ts'
import type { ListSchema, Schema } from '../schema/schema.ts'
import { itemElement } from './path-element.ts'
import { memberSchema, shapeOf } from './typed.ts'

/** Merges one value; undefined stands for "not there" on either side. Unchanged parts are shared with `live`. */
export function mergeValues(schema: Schema, live: unknown, config: unknown): unknown {
  if (config === undefined) return live
  if (live === undefined || live === config) return config
  const shape = shapeOf(schema, config === null ? live : config)
  if (shape === 'leaf' || shapeOf(schema, live) !== shape) return config
  if (shape === 'map') return mergeMaps(schema, live as JsonMap | null, config as JsonMap | null)
  return mergeLists(schema as ListSchema, (live ?? []) as unknown[], (config ?? []) as unknown[], config)
}

function mergeMaps(schema: Schema, live: JsonMap | null, config: JsonMap | null): unknown {
  if (isBlank(live) && isBlank(config)) return config
  const merged: JsonMap = { ...live }
  for (const key of Object.keys(config ?? {})) {
    const current = Object.hasOwn(merged, key) ? merged[key] : undefined
    setMember(merged, key, mergeValues(memberSchema(schema, key), current, config![key]))
  }
  return merged
}

function isBlank(map: JsonMap | null): boolean {
  return map === null || Object.keys(map).length === 0
}

interface Item {
  readonly element: string
  readonly value: unknown
}

/**
 * Items take the configuration's order; those that only the live list has stay beside the neighbours that both
 * lists share.
 */
function mergeLists(schema: ListSchema, live: unknown[], config: unknown[], blank: unknown): unknown {
  if (live.length === 0 && config.length === 0) return blank
  const left = live.map(value => ({ element: itemElement(schema, value), value }))
  const right = config.map(value => ({ element: itemElement(schema, value), value }))
  const counts = Map.groupBy(left, item => item.element)
  // Of items that share an identity none can be told to be the one that is meant: they count as null.
  const partner = (element: string) => {
    const same = counts.get(element)
    return same === undefined ? undefined : same.length > 1 ? null : same[0]!.value
  }
  const merge = (item: Item) => mergeValues(schema.items, partner(item.element), item.value)
  return interleave(left, right, merge)
}

function interleave(
  left: readonly Item[],
  right: readonly Item[],
  merge: (item: Item) => unknown,
): unknown[] {
  const onLeft = new Set(left.map(item => item.element))
  const onRight = new Set(right.map(item => item.element))
  const shared = right.map(item => item.element).filter(element => onLeft.has(element))
  const done = new Set<string>()
  const merged: unknown[] = []
  let [l, r, next] = [0, 0, 0]
  while (l < left.length || r < right.length) {
    const mine = left[l]
    const theirs = right[r]
    if (mine && theirs && mine.element === theirs.element) {
      merged.push(merge(theirs))
      done.add(theirs.element)
      l++
      r++
      next++
      continue
    }
    if (
      mine &&
      theirs &&
      onRight.has(mine.element) &&
      next < shared.length &&
      shared[next] !== mine.element
    ) {
      l++
      continue
    }
    if (mine && !onRight.has(mine.element)) {
      merged.push(mine.value)
      l++
      continue
    }
    if (mine && done.has(mine.element)) l++
    if (theirs) {
      merged.push(merge(theirs))
      done.add(theirs.element)
      r++
      if (shared[next] === theirs.element) next++
    }
  }
  return merged
}
