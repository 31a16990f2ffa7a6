import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { testCluster, testNode, testPod } from '../testing.ts'
import { judgeNode, movePod } from './filters.ts'

const sizes = fc.constantFrom('200m', '500m', '1', '2')
const placed = fc.array(
  fc.record({ node: fc.nat(3), cpu: sizes, priority: fc.nat(3), app: fc.constantFrom('web', 'db') }),
  { maxLength: 12 },
)
const wanted = fc.record({
  cpu: sizes,
  priority: fc.nat(4),
  shuns: fc.boolean(),
  spreads: fc.boolean(),
})

const labelSelector = { matchLabels: { app: 'web' } }

function podOf({
  cpu,
  priority,
  shuns,
  spreads,
}: {
  cpu: string
  priority: number
  shuns: boolean
  spreads: boolean
}): Pod {
  const term = { topologyKey: 'zone', labelSelector }
  const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector }
  const spec = {
    priority,
    ...(shuns && {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    }),
    ...(spreads && { topologySpreadConstraints: [constraint] }),
  }
  return testPod('p', { cpu }, spec, { app: 'web' })
}

test('a node that is chosen passes every filter, one by one, and victims make room for the pod that asked', () => {
  fc.assert(
    fc.property(placed, wanted, (there, wish) => {
      const nodes = [0, 1, 2, 3].map(n =>
        testNode(`n${n}`, { allocatable: { cpu: '2' }, labels: { zone: `z${n % 2}` } }),
      )
      const pods = there.map(({ node, cpu, priority, app }, index) =>
        testPod(`q${index}`, { cpu }, { nodeName: `n${node}`, priority }, { app }),
      )
      const cluster = testCluster({ nodes, pods })
      const pod = podOf(wish)
      const verdict = cluster.verdict(pod)
      const cycle = cluster.cycle(pod)
      cycle.filters = cluster.plugins.filter(
        plugin => plugin.preFilter?.(cycle)?.outcome !== 'skip' && plugin.filter,
      )
      if (verdict.outcome === 'node') return expect(judgeNode(cycle, verdict.node)).toBeUndefined()
      for (const node of cluster.snapshot.nodes()) expect(judgeNode(cycle, node)).toBeDefined()
      const { nominate } = verdict.failure
      if (!nominate) return
      const node = cluster.snapshot.node(nominate)!
      for (const other of [...node.pods.values()])
        if ((other.spec?.priority ?? 0) < wish.priority) movePod(cycle, node, other, -1)
      expect(judgeNode(cycle, node)).toBeUndefined()
    }),
  )
})
