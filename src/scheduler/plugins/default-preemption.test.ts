import { describe, expect, test } from 'bun:test'
import { podDisruptionBudgets } from '../../api/policy/pod-disruption-budget.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { settle } from '../../std/sim-ports.ts'
import { type TestClusterParts, testCluster, testNode, testPod } from '../testing.ts'

const small = { allocatable: { cpu: '2' } }
const placed = (
  name: string,
  nodeName: string,
  priority: number,
  more: { cpu?: string; start?: number } = {},
) => {
  const pod = testPod(name, { cpu: more.cpu ?? '1' }, { nodeName, priority }, { app: name })
  pod.status = { startTime: `2026-01-01T00:00:${String(more.start ?? 0).padStart(2, '0')}Z` }
  return pod
}
const vip = (spec = {}) => testPod('vip', { cpu: '1' }, { priority: 100, ...spec })

/** Which node is promised, and who was deleted for it. */
async function preempt(parts: TestClusterParts, pod = vip()) {
  const cluster = testCluster(parts)
  for (const other of parts.pods ?? []) cluster.api.put('pods', other)
  const before = JSON.stringify([...cluster.snapshot.nodes()].map(node => [...node.pods.keys()].sort()))
  const verdict = cluster.verdict(pod)
  if (verdict.outcome === 'node') throw new Error('it fits')
  expect(JSON.stringify([...cluster.snapshot.nodes()].map(node => [...node.pods.keys()].sort()))).toBe(before)
  await settle()
  const deleted = cluster.api.calls.filter(({ verb }) => verb === 'delete').map(({ name }) => name)
  return { node: verdict.failure.nominate, message: verdict.failure.message, victims: deleted.sort() }
}

describe('victims', () => {
  test('as few and as unimportant as will do, and the message says nothing of it', async () => {
    const pods = [placed('low', 'a', 1), placed('mid', 'a', 50), placed('x', 'b', 50), placed('y', 'b', 60)]
    expect(await preempt({ nodes: [testNode('a', small), testNode('b', small)], pods })).toEqual({
      node: 'a',
      message: '0/2 nodes are available: 2 Insufficient cpu.',
      victims: ['low'],
    })
  })
  test('of equal priority the one that started last', async () => {
    const pods = [placed('old', 'a', 1, { start: 1 }), placed('young', 'a', 1, { start: 9 })]
    expect((await preempt({ nodes: [testNode('a', small)], pods })).victims).toEqual(['young'])
  })
  test('one that a budget protects is spared when another will do', async () => {
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'low' } } },
      status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    }
    const pods = [placed('low', 'a', 1), placed('mid', 'a', 50)]
    const objects: TestClusterParts['objects'] = [[podDisruptionBudgets, [budget]]]
    expect((await preempt({ nodes: [testNode('a', small)], pods, objects })).victims).toEqual(['mid'])
  })
  test('a pod with which anti-affinity would clash goes', async () => {
    const labelSelector = { matchLabels: { app: 'low' } }
    const affinity = {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector },
        ],
      },
    }
    const result = await preempt({ nodes: [testNode('a')], pods: [placed('low', 'a', 1)] }, vip({ affinity }))
    expect(result).toMatchObject({ node: 'a', victims: ['low'] })
  })
})

describe('no victims', () => {
  const nodes = [testNode('a', small), testNode('b', { spec: { unschedulable: true } })]
  test('when nobody has a lower priority', async () => {
    const { message, node, victims } = await preempt({ nodes, pods: [placed('x', 'a', 100, { cpu: '2' })] })
    expect(message).toBe(
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    )
    expect({ node, victims }).toEqual({ node: '', victims: [] })
  })
  test('when the policy forbids it', async () => {
    const pods = [placed('x', 'a', 1, { cpu: '2' })]
    const { message, node } = await preempt({ nodes, pods }, vip({ preemptionPolicy: 'Never' }))
    expect(message).toEndWith('preemption: not eligible due to preemptionPolicy=Never.')
    expect(node).toBeUndefined()
  })
  test('while those of the last time still leave', async () => {
    const leaving: Pod = placed('x', 'a', 1, { cpu: '2' })
    leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    leaving.status!.conditions = [
      { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' } as never,
    ]
    const pod = { ...vip(), status: { nominatedNodeName: 'a' } }
    const { message, victims } = await preempt({ nodes, pods: [leaving] }, pod)
    expect(message).toEndWith('preemption: not eligible due to a terminating pod on the nominated node.')
    expect(victims).toEqual([])
  })
})

test('room that is promised to an important pod is not for lesser ones', () => {
  const cluster = testCluster({ nodes: [testNode('a', small)] })
  cluster.nominated.set(testPod('vip', { cpu: '2' }, { priority: 100 }), 'a')
  expect(cluster.place(testPod('p', { cpu: '1' }))).toContain('1 Insufficient cpu')
  expect(cluster.place(testPod('p', { cpu: '1' }, { priority: 200 }))).toBe('a')
  expect(
    cluster.place({ ...testPod('vip', { cpu: '2' }, { priority: 100 }), status: { nominatedNodeName: 'a' } }),
  ).toBe('a')
})
