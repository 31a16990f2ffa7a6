/**
 * An ordered map whose every version stays readable: a B-tree that copies the path it changes and shares the
 * rest. Keeping an old version costs the nodes that changed since; reading at it costs nothing extra. Items
 * carry their own key, so a leaf is one array. Keys are ordered as their UTF-8 bytes are.
 */
export interface Tree<T extends Keyed> {
  readonly root: Node<T>
  /** Some key holds a code unit above U+D7FF, where UTF-16 order and byte order part. */
  readonly wide: boolean
}

export interface Keyed {
  readonly key: string
}

interface Leaf<T> {
  readonly items: readonly T[]
  readonly children: undefined
  readonly separators: undefined
  readonly size: number
}

interface Branch<T> {
  readonly items: undefined
  readonly children: readonly Node<T>[]
  /** `separators[i]` is at most every key of `children[i]` and above every key of `children[i - 1]`. */
  readonly separators: readonly string[]
  readonly size: number
}

type Node<T> = Leaf<T> | Branch<T>
type Less = (a: string, b: string) => boolean

const slotsMax = 32
const slotsMin = 10
const widePattern = /[\ud800-\uffff]/

const lessNarrow: Less = (a, b) => a < b

/** Orders by code point, which is the order of UTF-8 bytes. */
const lessWide: Less = (a, b) => {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? rotateUnit(x) < rotateUnit(y) : x < y
  }
  return a.length < b.length
}

/** Moves surrogates above U+E000…U+FFFF. */
function rotateUnit(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

function leaf<T>(items: readonly T[]): Leaf<T> {
  return { items, children: undefined, separators: undefined, size: items.length }
}

function branch<T>(children: readonly Node<T>[], separators: readonly string[]): Branch<T> {
  let size = 0
  for (const child of children) size += child.size
  return { items: undefined, children, separators, size }
}

/** The tree without items. */
export function emptyTree<T extends Keyed>(): Tree<T> {
  return { root: leaf<T>([]), wide: false }
}

/** Builds from items in any order; of two with one key the later one wins. */
export function treeFrom<T extends Keyed>(items: Iterable<T>): Tree<T> {
  let tree = emptyTree<T>()
  for (const item of items) tree = treePut(tree, item)
  return tree
}

export function treeSize<T extends Keyed>(tree: Tree<T>): number {
  return tree.root.size
}

export function treeGet<T extends Keyed>(tree: Tree<T>, key: string): T | undefined {
  const less = tree.wide ? lessWide : lessNarrow
  let node = tree.root
  while (node.children) node = node.children[childIndex(node.separators, key, less)]!
  const item = node.items[itemIndex(node.items, key, less)]
  return item?.key === key ? item : undefined
}

/** The tree with `item` in place of what had its key. `tree` itself stays as it is. */
export function treePut<T extends Keyed>(tree: Tree<T>, item: T): Tree<T> {
  const wide = tree.wide || widePattern.test(item.key)
  const [left, right] = putInto(tree.root, item, wide ? lessWide : lessNarrow)
  return { root: right ? branch([left, right], [firstKey(left), firstKey(right)]) : left, wide }
}

/** The tree without `key`; the same tree when it is not there. */
export function treeRemove<T extends Keyed>(tree: Tree<T>, key: string): Tree<T> {
  let root = removeFrom(tree.root, key, tree.wide ? lessWide : lessNarrow)
  if (root === tree.root) return tree
  while (root.children?.length === 1) root = root.children[0]!
  return { root, wide: tree.wide }
}

export interface TreeScan {
  /** Start after this key (exclusive); before the prefix's own start it has no effect. */
  readonly after?: string
  /** Start at this key, or with the first one behind it; instead of `after`. */
  readonly from?: string
  readonly limit?: number
}

/** Items whose key starts with `prefix`, in order. */
export function treeScan<T extends Keyed>(tree: Tree<T>, prefix: string, scan: TreeScan = {}): T[] {
  return treeRuns(tree, prefix, scan).flat()
}

/**
 * The items of `treeScan` in the arrays that the tree keeps them in, cut at the ends. An array of which nothing changed
 * is the same one at the next asking for the same part, so what is made of it can be kept beside it.
 */
export function treeRuns<T extends Keyed>(
  tree: Tree<T>,
  prefix: string,
  { after, from = after, limit = Number.POSITIVE_INFINITY }: TreeScan = {},
): (readonly T[])[] {
  const runs: (readonly T[])[] = []
  const less = tree.wide ? lessWide : lessNarrow
  const isInside = from !== undefined && !less(from, prefix)
  const bound = { from: isInside ? from : prefix, exclusive: isInside && after !== undefined, less }
  collectFrom(tree.root, bound, { runs, prefix, room: limit })
  return runs
}

/** How many keys start with `prefix` and lie after `after`, in O(log size). */
export function treeCount<T extends Keyed>(tree: Tree<T>, prefix: string, after?: string): number {
  const less = tree.wide ? lessWide : lessNarrow
  const end = rank(tree.root, key => less(key, prefix) || key.startsWith(prefix))
  const start = rank(tree.root, key => less(key, prefix) || (after !== undefined && !less(after, key)))
  return Math.max(0, end - start)
}

/** The child that holds `key` if any does. */
function childIndex(separators: readonly string[], key: string, less: Less): number {
  let low = 1
  let high = separators.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (less(key, separators[middle]!)) high = middle
    else low = middle + 1
  }
  return low - 1
}

/** Index of the first item at or above `key`. */
function itemIndex<T extends Keyed>(items: readonly T[], key: string, less: Less): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (less(items[middle]!.key, key)) low = middle + 1
    else high = middle
  }
  return low
}

function firstKey<T extends Keyed>(node: Node<T>): string {
  return node.children ? node.separators[0]! : node.items[0]!.key
}

function putInto<T extends Keyed>(node: Node<T>, item: T, less: Less): readonly [Node<T>, Node<T>?] {
  if (!node.children) return putIntoLeaf(node, item, less)
  const index = childIndex(node.separators, item.key, less)
  const [left, right] = putInto(node.children[index]!, item, less)
  const children = node.children.slice()
  children[index] = left
  const lowest = less(item.key, node.separators[index]!)
  if (!right && !lowest) return [branch(children, node.separators)]
  const separators = node.separators.slice()
  if (lowest) separators[index] = item.key
  if (right) {
    children.splice(index + 1, 0, right)
    separators.splice(index + 1, 0, firstKey(right))
  }
  return splitBranch(children, separators)
}

function putIntoLeaf<T extends Keyed>(node: Leaf<T>, item: T, less: Less): readonly [Node<T>, Node<T>?] {
  const index = itemIndex(node.items, item.key, less)
  const items = node.items.slice()
  items.splice(index, node.items[index]?.key === item.key ? 1 : 0, item)
  if (items.length <= slotsMax) return [leaf(items)]
  // Ascending inserts (a load, names with a counter) leave full leaves behind.
  const cut = index === items.length - 1 ? slotsMax - 4 : items.length >> 1
  return [leaf(items.slice(0, cut)), leaf(items.slice(cut))]
}

function splitBranch<T extends Keyed>(
  children: Node<T>[],
  separators: string[],
): readonly [Node<T>, Node<T>?] {
  if (children.length <= slotsMax) return [branch(children, separators)]
  const cut = children.length >> 1
  return [
    branch(children.slice(0, cut), separators.slice(0, cut)),
    branch(children.slice(cut), separators.slice(cut)),
  ]
}

function removeFrom<T extends Keyed>(node: Node<T>, key: string, less: Less): Node<T> {
  if (!node.children) {
    const index = itemIndex(node.items, key, less)
    return node.items[index]?.key === key ? leaf(node.items.toSpliced(index, 1)) : node
  }
  const index = childIndex(node.separators, key, less)
  const before = node.children[index]!
  const after = removeFrom(before, key, less)
  if (after === before) return node
  if (slots(after) >= slotsMin) return branch(node.children.with(index, after), node.separators)
  return mergeAt(node, index, after)
}

function slots<T>(node: Node<T>): number {
  return node.children ? node.children.length : node.items.length
}

/** Joins a thin child with its neighbour; the pair is cut again when it does not fit into one node. */
function mergeAt<T extends Keyed>(node: Branch<T>, index: number, thin: Node<T>): Node<T> {
  if (node.children.length === 1) return branch([thin], node.separators)
  const at = index === 0 ? 0 : index - 1
  const left = index === 0 ? thin : node.children[at]!
  const right = index === 0 ? node.children[1]! : thin
  const joined = join(left, right, [node.separators[at]!, node.separators[at + 1]!])
  const separators = joined.map((_, offset) => (offset === 0 ? node.separators[at]! : firstKey(joined[1]!)))
  return branch(node.children.toSpliced(at, 2, ...joined), node.separators.toSpliced(at, 2, ...separators))
}

function join<T extends Keyed>(
  left: Node<T>,
  right: Node<T>,
  bounds: readonly [string, string],
): readonly Node<T>[] {
  if (left.items && right.items) {
    const items = left.items.concat(right.items)
    if (items.length <= slotsMax) return [leaf(items)]
    return [leaf(items.slice(0, items.length >> 1)), leaf(items.slice(items.length >> 1))]
  }
  const children = [...left.children!, ...right.children!]
  const separators = [...left.separators!, ...right.separators!]
  separators[0] = bounds[0]
  separators[left.children!.length] = bounds[1]
  return splitBranch(children, separators).filter(part => part !== undefined)
}

interface Bound {
  readonly from: string
  readonly exclusive: boolean
  readonly less: Less
}

interface Collected<T> {
  readonly runs: (readonly T[])[]
  readonly prefix: string
  /** How many more are wanted. */
  room: number
}

/** Adds runs at or above the bound, in order; false when there can be no more. */
function collectFrom<T extends Keyed>(
  node: Node<T>,
  bound: Bound | undefined,
  into: Collected<T>,
  isInside = false,
): boolean {
  if (node.items) return collectLeaf(node.items, bound, into, isInside)
  const start = bound ? childIndex(node.separators, bound.from, bound.less) : 0
  for (let index = start; index < node.children.length; index++) {
    if (
      !collectFrom(
        node.children[index]!,
        index === start ? bound : undefined,
        into,
        isInside || endsInside(node, index, into),
      )
    )
      return false
  }
  return true
}

/** What begins after a child begins with the prefix, so all of the child from the start on does: nobody looks at its items. */
function endsInside<T extends Keyed>(node: Branch<T>, index: number, { prefix }: Collected<T>): boolean {
  return node.separators[index + 1]?.startsWith(prefix) ?? false
}

function collectLeaf<T extends Keyed>(
  items: readonly T[],
  bound: Bound | undefined,
  into: Collected<T>,
  isInside: boolean,
): boolean {
  const { runs, prefix } = into
  let from = bound ? itemIndex(items, bound.from, bound.less) : 0
  if (bound?.exclusive && items[from]?.key === bound.from) from++
  // Keys with one prefix lie together, so the last one speaks for all.
  let end = items.length
  while (!isInside && end > from && !items[end - 1]!.key.startsWith(prefix)) end--
  const stop = Math.min(end, from + into.room)
  if (stop > from) runs.push(part(items, from, stop))
  into.room -= stop - from
  return end === items.length && into.room > 0
}

const parts = new WeakMap<readonly unknown[], Map<number, readonly unknown[]>>()

/** A part of a leaf, the same array each time: pages of one list are cut at the same places again and again. */
function part<T>(items: readonly T[], from: number, end: number): readonly T[] {
  if (end - from === items.length) return items
  const known = parts.get(items) ?? new Map<number, readonly unknown[]>()
  parts.set(items, known)
  const name = from * (slotsMax + 1) + end
  const cut = (known.get(name) as readonly T[] | undefined) ?? items.slice(from, end)
  known.set(name, cut)
  return cut
}

/** Number of keys for which `isBefore`, true for a leading run of the keys, holds. */
function rank<T extends Keyed>(root: Node<T>, isBefore: (key: string) => boolean): number {
  let node = root
  let count = 0
  while (node.children) {
    let index = 0
    while (index + 1 < node.children.length && isBefore(node.separators[index + 1]!)) {
      count += node.children[index]!.size
      index++
    }
    node = node.children[index]!
  }
  let low = 0
  let high = node.items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(node.items[middle]!.key)) low = middle + 1
    else high = middle
  }
  return count + low
}
