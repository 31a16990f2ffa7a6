import { describe, expect, test } from 'bun:test'
import { replicaSets } from '../../api/apps/replica-set.ts'
import { services } from '../../api/core/service.ts'
import type { Pod, TopologySpreadConstraint } from '../../api/types/core-v1.gen.ts'
import { testCluster, testNode, testPod } from '../testing.ts'

const app = { app: 'web' }
const zoned = (name: string, zone: string, spec = {}) => testNode(name, { labels: { zone }, spec })
const placed = (name: string, nodeName: string, labels: Record<string, string> = app): Pod =>
  testPod(name, {}, { nodeName }, labels)
const hard: TopologySpreadConstraint = {
  maxSkew: 1,
  topologyKey: 'zone',
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: app },
}
const spread = (more: Partial<TopologySpreadConstraint> = {}, spec = {}) =>
  testPod('p', {}, { topologySpreadConstraints: [{ ...hard, ...more }], ...spec }, app)
const short = (text: string) => text.replace(/ no new claims.*$/, '')

describe('what must hold', () => {
  const nodes = [zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b')]
  test('a pod goes to the emptier zone', () => {
    expect(testCluster({ nodes, pods: [placed('x', 'a1')] }).place(spread())).toBe('b1')
  })
  test('pods of other labels or namespaces and leaving ones do not count', () => {
    const leaving = placed('z', 'b1')
    leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    const other = { ...placed('y', 'b1'), metadata: { name: 'y', namespace: 'other', labels: app } }
    const pods = [placed('x', 'a1'), placed('w', 'b1', { app: 'db' }), leaving, other]
    expect(testCluster({ nodes, pods }).place(spread())).toBe('b1')
  })
  test('a node without the label will not do, and preemption would not help', () => {
    expect(testCluster({ nodes: [testNode('n')] }).place(spread())).toBe(
      "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label). no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    )
  })
  test('too few domains count as an empty one', () => {
    const cluster = testCluster({ nodes, pods: [placed('x', 'a1'), placed('y', 'b1')] })
    expect(short(cluster.place(spread({ minDomains: 3 })))).toBe(
      "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.",
    )
    expect(cluster.place(spread({ minDomains: 2 }))).toMatch(/^[ab]/)
  })
  test('a zone that the pod cannot go to counts only when its policy says so', () => {
    const tainted = { taints: [{ key: 'k', effect: 'NoSchedule' }] }
    const cluster = testCluster({
      nodes: [zoned('a1', 'a'), zoned('b1', 'b', tainted)],
      pods: [placed('x', 'a1')],
    })
    expect(short(cluster.place(spread()))).toContain("didn't match pod topology spread constraints")
    expect(cluster.place(spread({ nodeTaintsPolicy: 'Honor' }))).toBe('a1')
    const choosy = testCluster({ nodes, pods: [placed('x', 'a1')] })
    const nodeSelector = { zone: 'a' }
    expect(choosy.place(spread({}, { nodeSelector }))).toMatch(/^a/)
    expect(choosy.place(spread({ nodeAffinityPolicy: 'Ignore' }, { nodeSelector }))).toContain('0/3 nodes')
  })
})

describe('what is wished', () => {
  const zones = [0, 1, 2].map(n =>
    testNode(`n${n}`, { labels: { 'topology.kubernetes.io/zone': n < 2 ? 'a' : 'b' } }),
  )
  test('the emptier zone is preferred', () => {
    const cluster = testCluster({ nodes: [zoned('a', 'a'), zoned('b', 'b')], pods: [placed('x', 'a')] })
    expect(cluster.place(spread({ whenUnsatisfiable: 'ScheduleAnyway' }))).toBe('b')
  })
  test('pods of one service or controller spread without asking', () => {
    const pods = [placed('x', 'n0'), placed('y', 'n1')]
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'default' },
      spec: { selector: app },
    }
    const withService = testCluster({ nodes: zones, pods, objects: [[services, [service]]] })
    expect(withService.place(testPod('p', {}, {}, app))).toBe('n2')
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true }
    const set = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'r', namespace: 'default' },
      spec: { selector: { matchLabels: app } },
    }
    const pod = testPod('p', {}, {}, app)
    pod.metadata.ownerReferences = [owner]
    expect(testCluster({ nodes: zones, pods, objects: [[replicaSets, [set]]] }).place(pod)).toBe('n2')
  })
})
