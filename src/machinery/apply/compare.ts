/** What differs between two objects, as sets of paths (structured-merge-diff typed Compare). */

import type { Steps } from '../../std/turns.ts'
import { touchedBetween } from '../meta/derived.ts'
import { isMap, type JsonMap } from '../meta/json.ts'
import { isSmall } from '../meta/size.ts'
import { deepEqual } from '../meta/value.ts'
import type { ListSchema, Schema } from '../schema/schema.ts'
import type { FieldNode, FieldSet } from './field-set.ts'
import { leaf, nodeOf, union } from './field-set.ts'
import { itemElement } from './path-element.ts'
import { isAlwaysLeaf, memberOf, memberSchema, type Shape, shapeOf, standingMembers } from './typed.ts'

/** Paths that appeared, changed their value, or went away. No path is in two of them. */
export interface Changes {
  added?: FieldSet
  modified?: FieldSet
  removed?: FieldSet
}

const kinds = ['added', 'modified', 'removed'] as const
const nothing: Changes = Object.freeze({})

/** How a member of the next object is read: as a typed object has it, or as it is written. */
export type ReadMember = (schema: Schema, map: JsonMap, key: string) => unknown

interface Pair {
  readonly old: JsonMap
  readonly next: JsonMap
  /** They may have members by the ten thousand. */
  readonly isLong?: boolean | undefined
}

/**
 * Compares two objects; parts that are the same in memory cost nothing. `skip` names members at the top and members
 * of `metadata` that do not count.
 */
export function* compareObjects(
  schema: Schema,
  objects: Pair,
  skip: Skipped,
  read: ReadMember = memberOf,
): Steps<Changes> {
  const level = { schema, read, skip }
  const { old, next, isLong } = objects
  let changes: Changes | undefined
  for (const key of differing(old, next)) {
    const steps =
      longMembers(level, key, old, next) ?? (isLong ? pacedMembers(level, key, old, next) : undefined)
    const change = steps ? yield* steps : compareMembers(level, key, old, next)
    if (change) changes = put(changes, `f:${key}`, change)
  }
  return changes ?? nothing
}

/** Members that are not the very same, first those of `next`. */
function differing(old: JsonMap, next: JsonMap): string[] {
  const keys: string[] = []
  for (const key in next) if (old[key] !== next[key]) keys.push(key)
  for (const key in old) if (!Object.hasOwn(next, key)) keys.push(key)
  return keys
}

/** A map of plain values with more members than this is compared in parts. */
const partMembers = 8_192

/** Steps for data of ConfigMaps and Secrets that are long; undefined for all else. */
function longMembers(
  level: Level,
  key: string,
  old: JsonMap,
  next: JsonMap,
): Steps<Changes | undefined> | undefined {
  const schema = memberSchema(level.schema, key)
  if (schema.kind !== 'map' || schema.atomic || !isAlwaysLeaf(schema.values) || level.skip?.[key])
    return undefined
  const before = memberOf(level.schema, old, key)
  const after = level.read(level.schema, next, key)
  if (!isMap(after) || (before !== undefined && !isMap(before))) return undefined
  const keys = Object.keys(after)
  return keys.length > partMembers ? longMaps(before, after, keys) : undefined
}

function* longMaps(before: JsonMap | undefined, after: JsonMap, keys: string[]): Steps<Changes | undefined> {
  yield
  // In the order in which sets are written.
  keys.sort()
  const sets: Record<keyof Changes, Record<string, FieldNode>> = {
    added: before ? {} : { '.': leaf },
    modified: {},
    removed: {},
  }
  for (const [index, key] of keys.entries()) {
    if (index % partMembers === 0) yield
    const [mine, theirs] = [before && Object.hasOwn(before, key) ? before[key] : undefined, after[key]]
    if (deepEqual(mine, theirs)) continue
    const kind = mine === undefined ? 'added' : theirs === undefined ? 'removed' : 'modified'
    sets[kind][`f:${key}`] = leaf
  }
  yield
  for (const key in before) if (!Object.hasOwn(after, key)) sets.removed[`f:${key}`] = leaf
  const entries = kinds.flatMap(kind => {
    const set = nodeOf(false, sets[kind])
    return set ? [[kind, set] as const] : []
  })
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

interface Level {
  readonly schema: Schema
  readonly read: ReadMember
  readonly skip: Skipped | undefined
}

/** Member names to leave out, with what to leave out below them. */
export interface Skipped {
  readonly [key: string]: true | Skipped
}

function compareValues(level: Level, old: unknown, next: unknown): Changes | undefined {
  if (old === next) return undefined
  const { schema } = level
  if (old === undefined) return { added: presence(schema, next) }
  if (next === undefined) return { removed: presence(schema, old) }
  const shape = sharedShape(schema, old, next)
  if (shape === 'leaf') {
    return deepEqual(old, next) ? undefined : { modified: leaf }
  }
  const changes =
    shape === 'map'
      ? compareMaps(level, (old ?? {}) as JsonMap, (next ?? {}) as JsonMap)
      : compareLists(level, (old ?? []) as unknown[], (next ?? []) as unknown[])
  // Null and empty are different leaves.
  if (!changes && (old === null) !== (next === null)) return { modified: leaf }
  return changes
}

/** A null of free JSON is a map of no members beside one that has some. */
function sharedShape(schema: Schema, old: unknown, next: unknown): Shape {
  const shape = shapeOf(schema, old)
  if (shape === shapeOf(schema, next)) return shape
  return schema.kind === 'any' && (old === null || next === null) ? 'map' : 'leaf'
}

function compareMaps(level: Level, old: JsonMap, next: JsonMap): Changes | undefined {
  let changes: Changes | undefined
  const known = touchedBetween(old, next)
  if (known) {
    for (const key of known) {
      const change = compareMembers(level, key, old, next)
      if (change) changes = put(changes, `f:${key}`, change)
    }
    return changes
  }
  for (const key in next) {
    if (old[key] === next[key]) continue
    const change = compareMembers(level, key, old, next)
    if (change) changes = put(changes, `f:${key}`, change)
  }
  for (const key in old) {
    if (Object.hasOwn(next, key)) continue
    const change = compareMembers(level, key, old, next)
    if (change) changes = put(changes, `f:${key}`, change)
  }
  return changes
}

function compareMembers(level: Level, key: string, old: JsonMap, next: JsonMap): Changes | undefined {
  const skip = level.skip?.[key]
  if (skip === true) return undefined
  const { schema, read } = level
  const below = { schema: memberSchema(schema, key), read, skip }
  return compareValues(below, memberOf(schema, old, key), read(schema, next, key))
}

/** `compareMembers` in steps. */
function* pacedMembers(level: Level, key: string, old: JsonMap, next: JsonMap): Steps<Changes | undefined> {
  const skip = level.skip?.[key]
  if (skip === true) return undefined
  const { schema, read } = level
  const below = { schema: memberSchema(schema, key), read, skip }
  return yield* pacedValues(below, memberOf(schema, old, key), read(schema, next, key))
}

function* pacedValues(level: Level, old: unknown, next: unknown): Steps<Changes | undefined> {
  if (old === next) return undefined
  if (isSmall(old) && isSmall(next)) return compareValues(level, old, next)
  const { schema } = level
  if (old === undefined) return { added: yield* pacedPresence(schema, next) }
  if (next === undefined) return { removed: yield* pacedPresence(schema, old) }
  const shape = shapeOf(schema, old)
  const isAlike = old !== null && next !== null && shape === shapeOf(schema, next)
  if (!isAlike || shape === 'leaf' || touchedBetween(old, next)) return compareValues(level, old, next)
  return shape === 'map'
    ? yield* pacedMaps(level, old as JsonMap, next as JsonMap)
    : yield* pacedLists(level, old as unknown[], next as unknown[])
}

function* pacedMaps(level: Level, old: JsonMap, next: JsonMap): Steps<Changes | undefined> {
  let changes: Changes | undefined
  for (const [index, key] of differing(old, next).entries()) {
    if (index % stepMembers === 0) yield
    const change = yield* pacedMembers(level, key, old, next)
    if (change) changes = put(changes, `f:${key}`, change)
  }
  return changes
}

function* pacedLists(level: Level, old: unknown[], next: unknown[]): Steps<Changes | undefined> {
  const schema = level.schema as ListSchema
  const before = yield* pacedItems(schema, old)
  const after = yield* pacedItems(schema, next)
  const below = { schema: schema.items, read: level.read, skip: undefined }
  let changes: Changes | undefined
  let looked = 0
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    if (++looked % stepMembers === 0) yield
    const change = compareItems(below, before.get(element) ?? [], after.get(element) ?? [])
    if (change) changes = put(changes, element, change)
  }
  return changes
}

/** `itemsByElement` in steps. */
function* pacedItems(schema: ListSchema, list: readonly unknown[]): Steps<Map<string, unknown[]>> {
  const items = new Map<string, unknown[]>()
  for (const [index, item] of list.entries()) {
    if (index % stepMembers === 0) yield
    addItem(items, schema, item)
  }
  return items
}

/** Small members that are looked at between two pauses. */
const stepMembers = 1_024

/** `presence` in steps. */
function* pacedPresence(schema: Schema, value: unknown): Steps<FieldNode> {
  const shape = value === null ? 'leaf' : shapeOf(schema, value)
  if (shape === 'leaf' || isSmall(value)) return presence(schema, value)
  const children: Record<string, FieldNode> = {}
  let looked = 0
  if (shape === 'map') {
    for (const key of memberNames(schema, value as JsonMap)) {
      if (++looked % stepMembers === 0) yield
      const member = memberOf(schema, value as JsonMap, key)
      if (member !== undefined) children[`f:${key}`] = yield* pacedPresence(memberSchema(schema, key), member)
    }
  } else {
    for (const [element, items] of yield* pacedItems(schema as ListSchema, value as unknown[])) {
      if (++looked % stepMembers === 0) yield
      children[element] =
        items.length > 1 ? leaf : yield* pacedPresence((schema as ListSchema).items, items[0])
    }
  }
  return nodeOf(true, children) ?? leaf
}

function put(changes: Changes | undefined, element: string, change: Changes): Changes {
  const result = changes ?? {}
  for (const kind of kinds) {
    const node = change[kind]
    if (!node) continue
    const children = (result[kind] ?? {}) as Record<string, FieldNode>
    children[element] = node
    result[kind] = children
  }
  return result
}

function compareLists(level: Level, old: unknown[], next: unknown[]): Changes | undefined {
  const schema = level.schema as ListSchema
  const before = itemsByElement(schema, old)
  const after = itemsByElement(schema, next)
  const below = { schema: schema.items, read: level.read, skip: undefined }
  let changes: Changes | undefined
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const change = compareItems(below, before.get(element) ?? [], after.get(element) ?? [])
    if (change) changes = put(changes, element, change)
  }
  return changes
}

/** Items that share an identity count as one atomic whole. */
function compareItems(level: Level, old: unknown[], next: unknown[]): Changes | undefined {
  if (old.length <= 1 && next.length <= 1) return compareValues(level, old[0], next[0])
  if (old.length > 1 && next.length > 1) return deepEqual(old, next) ? undefined : { modified: leaf }
  if (old.length > 1) return { ...compareValues(level, undefined, next[0]), removed: leaf }
  return { ...compareValues(level, old[0], undefined), added: leaf }
}

/** The items of a list by their path element, in order. */
export function itemsByElement(schema: ListSchema, list: readonly unknown[]): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>()
  for (const item of list) addItem(items, schema, item)
  return items
}

function addItem(items: Map<string, unknown[]>, schema: ListSchema, item: unknown): void {
  const element = itemElement(schema, item)
  const same = items.get(element)
  if (same) same.push(item)
  else items.set(element, [item])
}

/** Every path of a value that is new or gone as a whole: leaves, containers and the value itself. */
function presence(schema: Schema, value: unknown): FieldNode {
  const shape = value === null ? 'leaf' : shapeOf(schema, value)
  if (shape === 'leaf') return leaf
  if (schema.kind === 'map' && isAlwaysLeaf(schema.values)) return plainPresence(value as JsonMap)
  const children: Record<string, FieldNode> = {}
  if (shape === 'map') {
    for (const key of memberNames(schema, value as JsonMap)) {
      const member = memberOf(schema, value as JsonMap, key)
      if (member !== undefined) children[`f:${key}`] = presence(memberSchema(schema, key), member)
    }
  } else {
    for (const [element, items] of itemsByElement(schema as ListSchema, value as unknown[])) {
      children[element] = items.length > 1 ? leaf : presence((schema as ListSchema).items, items[0])
    }
  }
  return nodeOf(true, children) ?? leaf
}

/** In the order in which sets are written. */
function plainPresence(map: JsonMap): FieldNode {
  const keys = Object.keys(map).filter(key => map[key] !== undefined)
  if (keys.length === 0) return leaf
  const children: Record<string, FieldNode> = { '.': leaf }
  for (const key of keys.sort()) children[`f:${key}`] = leaf
  return children
}

function memberNames(schema: Schema, map: JsonMap): Iterable<string> {
  const standing = standingMembers(schema)
  return standing.length === 0 ? Object.keys(map) : new Set([...Object.keys(map), ...standing])
}

/** Paths that appeared or changed. */
export function touched({ added, modified }: Changes): FieldSet {
  return union(modified, added)
}
