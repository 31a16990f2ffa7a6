import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  emptyTree,
  type Tree,
  treeCount,
  treeFrom,
  treeGet,
  treePut,
  treeRemove,
  treeRuns,
  treeScan,
  treeSize,
} from './persistent-tree.ts'

interface Item {
  readonly key: string
  readonly value: number
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const key = fc.oneof(
  { weight: 8, arbitrary: fc.nat(400).map(n => `/registry/${n % 3}/ns${n % 7}/name-${n}`) },
  {
    weight: 1,
    arbitrary: fc.string({
      maxLength: 3,
      unit: fc.constantFrom('a', '/', 'é', '\ue000', '\uffee', '😀', '𐀀'),
    }),
  },
)
const step = fc.record({ key, remove: fc.boolean(), value: fc.nat() })
const prefix = fc.constantFrom(
  '',
  '/',
  '/registry/',
  '/registry/1/',
  '/registry/1/ns2/',
  '/registry/2/ns',
  'a',
  'é',
  '\ue000',
  '😀',
)

function sorted(model: ReadonlyMap<string, Item>): Item[] {
  return [...model.values()].sort((a, b) => byBytes(a.key, b.key))
}

test('every version of the tree goes on equalling the sorted map that it was made from', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 1500, size: 'max' }), steps => {
      let tree: Tree<Item> = emptyTree()
      const model = new Map<string, Item>()
      const versions: { tree: Tree<Item>; items: Item[] }[] = []
      for (const [index, { key, remove, value }] of steps.entries()) {
        tree = remove ? treeRemove(tree, key) : treePut(tree, { key, value })
        if (remove) model.delete(key)
        else model.set(key, { key, value })
        if (index % 50 === 0 || index === steps.length - 1) versions.push({ tree, items: sorted(model) })
      }
      for (const { tree, items } of versions) {
        expect(treeScan(tree, '')).toEqual(items)
        expect(treeSize(tree)).toBe(items.length)
        for (const item of items) expect(treeGet(tree, item.key)).toEqual(item)
      }
    }),
    { numRuns: 40 },
  )
})

test('a scan by prefix, start and limit, and its count, equal the filtered sorted map', () => {
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 500, size: 'max' }),
      prefix,
      fc.option(key),
      fc.option(fc.nat(40)),
      (keys, prefix, after, limit) => {
        const items = sorted(new Map(keys.map(key => [key, { key, value: 1 }])))
        const tree = treeFrom(items)
        const rest = items.filter(
          item => item.key.startsWith(prefix) && (after === null || byBytes(item.key, after) > 0),
        )
        const options = { ...(after !== null && { after }), ...(limit !== null && { limit }) }
        expect(treeScan(tree, prefix, options)).toEqual(limit === null ? rest : rest.slice(0, limit))
        expect(treeCount(tree, prefix, after ?? undefined)).toBe(rest.length)
        expect(treeRuns(tree, prefix).flat()).toEqual(items.filter(item => item.key.startsWith(prefix)))
      },
    ),
    { numRuns: 200 },
  )
})

test('removing everything in any order leaves the empty tree', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 2000 }, (_, n) => `k${n}`),
        { minLength: 2000 },
      ),
      order => {
        let tree = treeFrom(order.map(key => ({ key })))
        expect(treeSize(tree)).toBe(2000)
        for (const key of order.toReversed()) tree = treeRemove(tree, key)
        expect(treeSize(tree)).toBe(0)
        expect(treeScan(tree, '')).toEqual([])
      },
    ),
    { numRuns: 5 },
  )
})
