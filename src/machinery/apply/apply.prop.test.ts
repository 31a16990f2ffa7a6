import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { KubeObject } from '../meta/object.ts'
import { semanticEqual } from '../meta/value.ts'
import { applyPatch } from './apply.ts'
import type { FieldNode, FieldSet } from './field-set.ts'
import { difference, inOrder, intersection, listPaths, nodeOf, union } from './field-set.ts'
import { workloadSchema } from './testing.ts'

const names = fc.constantFrom('a', 'b', 'c')
const labels = fc.dictionary(names, names, { maxKeys: 3 })
const containers = fc.uniqueArray(
  fc.record(
    { name: names, image: names, args: fc.array(names, { maxLength: 2 }) },
    { requiredKeys: ['name'] },
  ),
  { selector: container => container.name, maxLength: 3 },
)
const configs = fc
  .record({ labels, replicas: fc.option(fc.nat(3), { nil: undefined }), containers })
  .map(({ labels: chosen, replicas, containers: list }) => ({
    apiVersion: 'apps.test/v1',
    kind: 'Workload',
    metadata: { name: 'w', labels: chosen },
    spec: { ...(replicas === undefined ? {} : { replicas }), containers: list },
  }))

function apply(live: KubeObject | undefined, applied: KubeObject, manager: string) {
  const request = {
    schema: workloadSchema,
    apiVersion: 'apps.test/v1',
    now: '2026-01-01T00:00:00Z',
    force: true,
  }
  return applyPatch({ ...request, live, applied, manager })
}

test('applying a second time changes neither object nor owners', () => {
  fc.assert(
    fc.property(configs, configs, (theirs, ours) => {
      const live = apply(undefined, theirs, 'm1').object
      const once = apply(live, ours, 'm2')
      const twice = apply(once.object, ours, 'm2')
      expect(twice.object).toEqual(once.object)
      expect(twice.managedFields).toBe(once.managedFields)
    }),
  )
})

test('the only applier has exactly what it applied last', () => {
  fc.assert(
    fc.property(configs, configs, (before, after) => {
      const live = apply(undefined, before, 'm').object
      const { object } = apply(live, after, 'm')
      const fresh = apply(undefined, after, 'm').object
      // A list that lost its last item is null where a fresh one is empty.
      expect(semanticEqual(withoutOwners(object), withoutOwners(fresh))).toBe(true)
    }),
  )
})

function withoutOwners(object: KubeObject): unknown {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

const nodes: fc.Arbitrary<FieldNode> = fc.letrec<{ node: FieldNode }>(tie => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.constant<FieldNode>({}),
    fc
      .tuple(
        fc.boolean(),
        fc.dictionary(fc.constantFrom('f:a', 'f:b', 'v:1', 'v:"x"'), tie('node'), { maxKeys: 3 }),
      )
      .map(([member, children]) => nodeOf(member, children) ?? {}),
  ),
})).node
const sets: fc.Arbitrary<FieldSet> = fc
  .dictionary(fc.constantFrom('f:a', 'f:b', 'k:{"n":1}'), nodes, { maxKeys: 3 })
  .map(children => nodeOf(false, children))

test('set operations on tries are those on sets of paths', () => {
  const paths = (set: FieldSet) => new Set(listPaths(set).map(path => path.join('/')))
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      expect(paths(union(a, b))).toEqual(paths(a).union(paths(b)))
      expect(paths(difference(a, b))).toEqual(paths(a).difference(paths(b)))
      expect(paths(intersection(a, b))).toEqual(paths(a).intersection(paths(b)))
      if (a) expect(paths(inOrder(a))).toEqual(paths(a))
    }),
  )
})
