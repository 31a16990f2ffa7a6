/**
 * Sets of field paths in the shape of their wire form, FieldsV1: a trie whose edges are path elements (`f:spec`,
 * `k:{"name":"a"}`, `v:"x"`). A node `{}` is a path in the set; a node with children is in the set when it has the
 * child `.`. Because the wire form is the working form, reading and writing managedFields costs nothing.
 * Nodes are never changed once made; operations return their input where nothing changes.
 */
import type { Steps } from '../../std/turns.ts'
import { hasMembers } from '../meta/derived.ts'
import { isSmall } from '../meta/size.ts'
import { compareElements } from './path-element.ts'

export interface FieldNode {
  readonly [element: string]: FieldNode
}

/** A whole set; undefined is the empty one. */
export type FieldSet = FieldNode | undefined

/** A path in the set that has no paths below it. */
export const leaf: FieldNode = Object.freeze({})

const self = '.'

function isLeaf(node: FieldNode): boolean {
  return !hasMembers(node)
}

/** Whether the node's own path is in the set. */
export function isMember(node: FieldNode): boolean {
  return node[self] !== undefined || isLeaf(node)
}

/** Builds a node from its children; undefined when there is nothing in it. */
export function nodeOf(member: boolean, children: Record<string, FieldNode> | undefined): FieldSet {
  if (!children || isLeaf(children)) return member ? leaf : undefined
  if (member) children[self] = leaf
  return children
}

/** Paths in either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (!a || a === b) return b
  return b ? unionNodes(a, b) : a
}

function unionNodes(a: FieldNode, b: FieldNode): FieldNode {
  if (a === b) return a
  if (isLeaf(b)) return isMember(a) ? a : { ...a, [self]: leaf }
  if (isLeaf(a)) return isMember(b) ? b : { ...b, [self]: leaf }
  let result: Record<string, FieldNode> | undefined
  for (const element in b) {
    const mine = a[element]
    const theirs = b[element]!
    const both = mine ? unionNodes(mine, theirs) : theirs
    if (both === mine) continue
    result ??= { ...a }
    result[element] = both
  }
  return result ?? a
}

/** Paths of `a` that are not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (!a || !b) return a
  if (a === b) return undefined
  if (isLeaf(a)) return isMember(b) ? undefined : a
  return subtract(a, b, difference, isMember(a) && !isMember(b))
}

/** Paths of `a` that neither are in `b` nor lie below one that is. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (!a || !b) return a
  if (isMember(b)) return undefined
  return subtract(a, b, recursiveDifference, isMember(a))
}

function subtract(
  a: FieldNode,
  b: FieldNode,
  less: (x: FieldSet, y: FieldSet) => FieldSet,
  member: boolean,
): FieldSet {
  if (isLeaf(a)) return member ? a : undefined
  const changed = new Map<string, FieldSet>()
  for (const element in b) {
    const mine = a[element]
    if (element === self || !mine) continue
    const rest = less(mine, b[element])
    if (rest !== mine) changed.set(element, rest)
  }
  if (changed.size === 0 && member === isMember(a)) return a
  const result: Record<string, FieldNode> = {}
  for (const element in a) {
    if (element === self) continue
    const node = changed.has(element) ? changed.get(element) : a[element]
    if (node) result[element] = node
  }
  return nodeOf(member, result)
}

/** Paths in both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (!a || !b) return undefined
  if (a === b) return a
  const result: Record<string, FieldNode> = {}
  for (const element in b) {
    const both = element === self ? undefined : intersection(a[element], b[element])
    if (both) result[element] = both
  }
  return nodeOf(isMember(a) && isMember(b), result)
}

/** Whether the path is in the set. */
export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node = set
  for (const element of path) node = node?.[element]
  return node !== undefined && path.length > 0 && isMember(node)
}

/** A set of plain field paths: `[['metadata', 'name']]`. */
export function fieldSetOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  let set: FieldSet
  for (const path of paths) {
    set = union(
      set,
      path.reduceRight<FieldNode>((below, name) => ({ [`f:${name}`]: below }), leaf),
    )
  }
  return set
}

/** The paths in upstream's order: those that end at a node come before those that go on. */
export function listPaths(set: FieldSet, prefix: readonly string[] = []): (readonly string[])[] {
  if (!set) return []
  const elements = Object.keys(set)
    .filter(element => element !== self)
    .sort(compareElements)
  const here = elements.filter(element => isMember(set[element]!)).map(element => [...prefix, element])
  return here.concat(elements.flatMap(element => listPaths(set[element], [...prefix, element]) as string[][]))
}

const canonical = new WeakSet<FieldNode>([leaf])

/** The same set with every node's elements in upstream's order, which its JSON then keeps. */
export function inOrder(node: FieldNode): FieldNode {
  if (canonical.has(node)) return node
  const elements = Object.keys(node)
  let ordered: Record<string, FieldNode> | undefined
  if (!isSorted(elements)) {
    sort(elements)
    ordered = {}
  }
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index]!
    const child = node[element] === leaf ? leaf : inOrder(node[element]!)
    if (!ordered && child !== node[element]) ordered = partOf(node, elements.slice(0, index))
    if (ordered) ordered[element] = child
  }
  const result = ordered ?? node
  canonical.add(result)
  return result
}

/** `inOrder` in steps: nodes may be there by the hundred thousand. */
export function* inOrderSteps(node: FieldNode): Steps<FieldNode> {
  if (canonical.has(node) || isSmall(node)) return inOrder(node)
  const elements = Object.keys(node)
  let isSame = isSorted(elements)
  yield
  if (!isSame) sort(elements)
  yield
  const ordered: Record<string, FieldNode> = {}
  for (const [index, element] of elements.entries()) {
    if (index % stepElements === 0) yield
    const child = node[element]!
    ordered[element] = child === leaf ? leaf : yield* inOrderSteps(child)
    isSame &&= ordered[element] === child
  }
  const result = isSame ? node : ordered
  canonical.add(result)
  return result
}

/** Elements between two pauses. */
const stepElements = 1_024

function partOf(node: FieldNode, elements: readonly string[]): Record<string, FieldNode> {
  return Object.fromEntries(elements.map(element => [element, node[element]!]))
}

/** Names of fields, as most elements are, lie in the order of the engine's own texts. */
function sort(elements: string[]): void {
  if (elements.every(isField)) elements.sort()
  else elements.sort(compareElements)
}

function isField(element: string): boolean {
  return element.startsWith('f:') || element === self
}

function isSorted(elements: readonly string[]): boolean {
  for (let index = 1; index < elements.length; index++) {
    const [before, after] = [elements[index - 1]!, elements[index]!]
    if (isField(before) && isField(after) ? before > after : compareElements(before, after) > 0) return false
  }
  return true
}
