/** Takes paths out of an object, and decides which ones an applier lets go (structured-merge-diff RemoveItems, prune). */
import { runSteps, type Steps } from '../../std/turns.ts'
import type { JsonMap } from '../meta/json.ts'
import { setMember } from '../meta/json.ts'
import type { ListSchema, Schema } from '../schema/schema.ts'
import type { FieldNode, FieldSet } from './field-set.ts'
import { difference, intersection, isMember, leaf, nodeOf, union } from './field-set.ts'
import { fieldSetOf } from './field-set-of.ts'
import { itemElement } from './path-element.ts'
import { isDeclared, memberSchema, shapeOf } from './typed.ts'

/** The object without the given paths. Maps and lists that end up empty become null: there, with nothing in them. */
export function removePaths(schema: Schema, object: JsonMap, paths: FieldSet): JsonMap {
  return paths ? ((removeFrom(schema, object, paths) ?? {}) as JsonMap) : object
}

function removeFrom(schema: Schema, value: unknown, paths: FieldNode): unknown {
  if (value === null || typeof value !== 'object') return value
  const shape = shapeOf(schema, value)
  if (shape === 'map') return removeMembers(schema, value as JsonMap, paths)
  return shape === 'list' ? removeItems(schema as ListSchema, value as unknown[], paths) : null
}

function removeMembers(schema: Schema, map: JsonMap, paths: FieldNode): JsonMap | null {
  const kept: JsonMap = {}
  for (const key of Object.keys(map)) {
    const node = paths[`f:${key}`]
    if (node && isMember(node)) continue
    setMember(kept, key, node ? removeFrom(memberSchema(schema, key), map[key], node) : map[key])
  }
  return Object.keys(kept).length > 0 ? kept : null
}

function removeItems(schema: ListSchema, list: unknown[], paths: FieldNode): unknown[] | null {
  const kept: unknown[] = []
  for (const item of list) {
    const node = paths[itemElement(schema, item)]
    if (node && isMember(node)) continue
    kept.push(node ? removeFrom(schema.items, item, node) : item)
  }
  return kept.length > 0 ? kept : null
}

/**
 * Removes what `last` (the applier's previous set) held and nobody in `owned` (every manager's set, the applier's new
 * one included) holds any more. What the applier never held stays, also where nobody owns it.
 */
export function* prune(schema: Schema, merged: JsonMap, last: FieldSet, owned: FieldSet): Steps<JsonMap> {
  if (!last) return merged
  const gone = withNamedFields(schema, last)
  yield
  const present = yield* namedSetOf(schema, merged)
  const cut = removePaths(schema, merged, gone)
  yield
  const left = yield* namedSetOf(schema, cut)
  const kept = union(left, withNamedFields(schema, owned))
  yield
  const restored = removePaths(schema, merged, difference(present, kept))
  yield
  const without = yield* namedSetOf(schema, restored)
  return removePaths(schema, merged, intersection(difference(present, without), gone))
}

/** The object without what `last` held. */
export function takeOut(schema: Schema, object: JsonMap, last: FieldSet): JsonMap {
  return removePaths(schema, object, withNamedFields(schema, last))
}

/** `merged` without what `pruned` lacks, unless somebody in `owned` holds it. */
export function addBackOwned(schema: Schema, merged: JsonMap, pruned: JsonMap, owned: FieldSet): JsonMap {
  const kept = union(runSteps(namedSetOf(schema, pruned)), withNamedFields(schema, owned))
  return removePaths(schema, merged, difference(runSteps(namedSetOf(schema, merged)), kept))
}

/** `merged` without what `pruned` lacks of what `last` held: what it never held stays. */
export function keepDangling(schema: Schema, merged: JsonMap, pruned: JsonMap, last: FieldSet): JsonMap {
  const gone = difference(runSteps(namedSetOf(schema, merged)), runSteps(namedSetOf(schema, pruned)))
  return removePaths(schema, merged, intersection(gone, withNamedFields(schema, last)))
}

function* namedSetOf(schema: Schema, object: JsonMap): Steps<FieldSet> {
  const set = fieldSetOf(schema, object)
  yield
  const named = withNamedFields(schema, set)
  yield
  return named
}

/** Adds the paths of declared fields that the set only has as ways to others: a struct goes with its members. */
function withNamedFields(schema: Schema, set: FieldSet): FieldSet {
  if (!set) return undefined
  const children: Record<string, FieldNode> = {}
  for (const element of Object.keys(set)) {
    if (element === '.') continue
    const node = set[element]!
    const below = node === leaf ? leaf : (withNamedFields(elementSchema(schema, element), node) ?? leaf)
    const member = isMember(node) || (element.startsWith('f:') && isDeclared(schema, element.slice(2)))
    children[element] = (nodeOf(member, below === leaf ? undefined : { ...below }) ?? below) as FieldNode
  }
  return nodeOf(isMember(set), children)
}

/** The schema of what a path element leads to; undeclared members are free JSON. */
export function elementSchema(schema: Schema, element: string): Schema {
  if (element.startsWith('f:')) return memberSchema(schema, element.slice(2))
  return schema.kind === 'list' ? schema.items : { kind: 'any' }
}
