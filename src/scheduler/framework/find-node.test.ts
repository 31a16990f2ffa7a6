import { describe, expect, test } from 'bun:test'
import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { testCluster, testNode, testPod } from '../testing.ts'

function place(nodes: readonly Node[], pod: Pod, placed: readonly [Pod, string][] = []): string {
  const pods = placed.map(([other, nodeName]) => ({ ...other, spec: { ...other.spec!, nodeName } }))
  // What DynamicResources and DefaultPreemption add is said in their own tests.
  return testCluster({ nodes, pods })
    .place(pod)
    .replace(/ no new claims to deallocate.*$/, '')
}

describe('filters', () => {
  const full: [Pod, string][] = [[testPod('big', { cpu: '3500m' }), 'a']]
  const cases: [claim: string, nodes: Node[], pod: Pod, placed: [Pod, string][], outcome: string][] = [
    ['no nodes at all', [], testPod('p'), [], 'no nodes available to schedule pods'],
    [
      'a node without room is passed over',
      [testNode('a'), testNode('b')],
      testPod('p', { cpu: '1' }),
      full,
      'b',
    ],
    [
      'nothing fits',
      [testNode('a')],
      testPod('p', { cpu: '1', memory: '9Gi' }),
      full,
      '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.',
    ],
    [
      'too many pods',
      [testNode('a', { allocatable: { pods: '1' } })],
      testPod('p'),
      full,
      '0/1 nodes are available: 1 Too many pods.',
    ],
    [
      'an extended resource counts',
      [testNode('a'), testNode('b', { allocatable: { 'x.io/gpu': '2' } })],
      testPod('p', { 'x.io/gpu': '1' }),
      [],
      'b',
    ],
    [
      'a cordoned node is passed over',
      [testNode('a', { spec: { unschedulable: true } })],
      testPod('p'),
      [],
      '0/1 nodes are available: 1 node(s) were unschedulable.',
    ],
    [
      'a taint keeps pods away',
      [testNode('a', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })],
      testPod('p'),
      [],
      '0/1 nodes are available: 1 node(s) had untolerated taint(s).',
    ],
    [
      'a toleration lets them in',
      [testNode('a', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })],
      testPod('p', {}, { tolerations: [{ key: 'k', operator: 'Exists' }] }),
      [],
      'a',
    ],
    [
      'a node selector chooses',
      [testNode('a'), testNode('b', { labels: { disk: 'ssd' } })],
      testPod('p', {}, { nodeSelector: { disk: 'ssd' } }),
      [],
      'b',
    ],
    [
      'a selector nobody has',
      [testNode('a')],
      testPod('p', {}, { nodeSelector: { disk: 'ssd' } }),
      [],
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    ],
    [
      'a host port is taken once',
      [testNode('a')],
      testPod(
        'p',
        {},
        { containers: [{ name: 'm', image: 'i', ports: [{ containerPort: 80, hostPort: 80 }] }] },
      ),
      [
        [
          testPod(
            'q',
            {},
            { containers: [{ name: 'm', image: 'i', ports: [{ containerPort: 1, hostPort: 80 }] }] },
          ),
          'a',
        ],
      ],
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    ],
  ]
  test.each(cases)('%s', (_claim, nodes, pod, placed, outcome) => {
    expect(place(nodes, pod, placed)).toBe(outcome)
  })
})

describe('scores', () => {
  test('the emptier node wins', () => {
    const pod = testPod('p', { cpu: '100m', memory: '100Mi' })
    expect(
      place([testNode('a'), testNode('b')], pod, [[testPod('q', { cpu: '2', memory: '4Gi' }), 'a']]),
    ).toBe('b')
  })
  test('a preferred label outweighs some load', () => {
    const preference = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['west'] }] }
    const affinity = {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] },
    }
    const nodes = [testNode('a', { labels: { zone: 'west' } }), testNode('b')]
    expect(place(nodes, testPod('p', {}, { affinity }), [[testPod('q', { cpu: '1' }), 'a']])).toBe('a')
  })
  test('a node that has a large image wins', () => {
    const nodes = [
      testNode('a'),
      testNode('b', { images: [{ names: ['image:latest'], sizeBytes: 900 * 1024 ** 2 }] }),
    ]
    expect(place(nodes, testPod('p'))).toBe('b')
  })
  test('fewer untolerated soft taints win', () => {
    const nodes = [
      testNode('a', { spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } }),
      testNode('b'),
    ]
    expect(place(nodes, testPod('p'))).toBe('b')
  })
})
