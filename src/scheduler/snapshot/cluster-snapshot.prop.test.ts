import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { createLabelIndexTwin } from '../../kernels/label-index.ts'
import { createNodeColumnsTwin } from '../../kernels/node-columns.ts'
import { labelSelectorOf } from '../../machinery/selector/index.ts'
import { testNode, testPod } from '../testing.ts'
import { type ClusterSnapshot, createClusterSnapshot } from './cluster-snapshot.ts'
import { selects } from './pod-counts.ts'
import { podResources } from './pod-resources.ts'

const nodeNames = ['a', 'b', 'c']
const zones = ['x', 'y', undefined]
const taintKeys = ['gpu', 'spot', undefined]
const apps = ['web', 'db']

type Step =
  | {
      readonly kind: 'node'
      readonly name: string
      readonly zone: string | undefined
      readonly taint: string | undefined
    }
  | { readonly kind: 'gone'; readonly name: string }
  | {
      readonly kind: 'pod'
      readonly id: number
      readonly node: string
      readonly app: string
      readonly shy: boolean
    }
  | { readonly kind: 'remove'; readonly id: number }

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('node' as const),
      name: fc.constantFrom(...nodeNames),
      zone: fc.constantFrom(...zones),
      taint: fc.constantFrom(...taintKeys),
    }),
    fc.record({ kind: fc.constant('gone' as const), name: fc.constantFrom(...nodeNames) }),
    fc.record({
      kind: fc.constant('pod' as const),
      id: fc.nat(5),
      node: fc.constantFrom(...nodeNames),
      app: fc.constantFrom(...apps),
      shy: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('remove' as const), id: fc.nat(5) }),
  ),
  { maxLength: 40 },
)

/** What should be known: nodes by name with their zone and taint, and pods by number. */
interface Model {
  readonly nodes: Map<string, Pick<Extract<Step, { kind: 'node' }>, 'zone' | 'taint'>>
  readonly pods: Map<number, Pod>
}

function take(step: Step, snapshot: ClusterSnapshot, { nodes, pods }: Model): void {
  if (step.kind === 'node') {
    const { name, zone, taint } = step
    const spec = taint ? { taints: [{ key: taint, effect: 'NoSchedule' }] } : {}
    snapshot.setNode(testNode(name, { spec, labels: zone ? { zone } : {} }))
    nodes.set(name, step)
  } else if (step.kind === 'gone') {
    snapshot.removeNode(step.name)
    nodes.delete(step.name)
  } else if (step.kind === 'pod') {
    const term = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'web' } } }
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    const spec = { nodeName: step.node, ...(step.shy && { affinity }) }
    const pod = testPod(`p${step.id}`, { cpu: '100m' }, spec, { app: step.app })
    snapshot.setPod(pod)
    pods.set(step.id, pod)
  } else {
    snapshot.removePod(`default/p${step.id}`)
    pods.delete(step.id)
  }
}

test('whatever comes and goes, counts by selector, domain, taint and term are what a look at everything would give', () => {
  fc.assert(
    fc.property(steps, list => {
      const snapshot = createClusterSnapshot({
        columns: createNodeColumnsTwin(),
        labels: createLabelIndexTwin(),
      })
      const model: Model = { nodes: new Map(), pods: new Map() }
      const selection = {
        namespaces: ['default'],
        selectors: [labelSelectorOf({ app: 'web' })],
        skipTerminating: true,
      }
      // Asked for once beforehand, so that it is followed and not made anew.
      snapshot.podCounts.byRow(selection, 0)
      snapshot.topologies.of('zone')
      for (const step of list) take(step, snapshot, model)
      expectSame(snapshot, model, selection)
    }),
  )
})

function expectSame(
  snapshot: ClusterSnapshot,
  { nodes, pods }: Model,
  selection: Parameters<typeof selects>[0],
): void {
  expect(snapshot.nodeCount).toBe(nodes.size)
  const perRow = snapshot.podCounts.byRow(selection, snapshot.rowCount)
  const { domains } = snapshot.topologies.of('zone')
  const zoneOf = new Map<number, string | undefined>()
  const sorts = [...snapshot.restrictions.sorts()]
  const taintOf = new Map(
    sorts.flatMap(({ taints, rows }) => [...rows].map(row => [row, taints[0]!.key] as const)),
  )
  expect(new Set(taintOf.values()).size).toBe(sorts.length)
  for (const info of snapshot.nodes()) {
    const here = [...pods.values()].filter(pod => pod.spec?.nodeName === info.name)
    expect([...info.pods.values()].sort(byName)).toEqual(here.sort(byName))
    expect(perRow[info.row]).toBe(here.filter(pod => selects(selection, pod)).length)
    const cpu = here.reduce((sum, pod) => sum + podResources(pod).milliCpu, 0)
    expect(snapshot.columns.get(info.row, 'requestedMilliCpu')).toBe(cpu)
    const { zone, taint } = nodes.get(info.name) ?? {}
    expect(taintOf.get(info.row)).toBe(taint)
    const domain = domains[info.row]!
    expect(domain === 0).toBe(zone === undefined)
    if (domain !== 0) expect(zoneOf.get(domain) ?? zone).toBe(zone)
    zoneOf.set(domain, zone)
  }
  const carriers = [...snapshot.carriedTerms.of('antiAffinity')].flatMap(({ rows }) => [...rows.values()])
  const shy = [...pods.values()].filter(pod => pod.spec?.affinity).length
  expect(carriers.reduce((sum, one) => sum + one, 0)).toBe(shy)
}

function byName(a: Pod, b: Pod): number {
  return a.metadata.name! < b.metadata.name! ? -1 : 1
}
