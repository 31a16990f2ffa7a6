import { describe, expect, test } from 'bun:test'
import { namespaces } from '../../api/core/namespace.ts'
import type { Affinity, Pod, PodAffinityTerm } from '../../api/types/core-v1.gen.ts'
import { testCluster, testNode, testPod } from '../testing.ts'

const web = { app: 'web' }
const nodes = [
  testNode('a1', { labels: { zone: 'a' } }),
  testNode('a2', { labels: { zone: 'a' } }),
  testNode('b1', { labels: { zone: 'b' } }),
]
const term: PodAffinityTerm = { topologyKey: 'zone', labelSelector: { matchLabels: web } }
const requires = (
  kind: 'podAffinity' | 'podAntiAffinity',
  more: Partial<PodAffinityTerm> = {},
): Affinity => ({
  [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...term, ...more }] },
})
const prefers = (kind: 'podAffinity' | 'podAntiAffinity'): Affinity => ({
  [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
})
const placed = (name: string, nodeName: string, labels = web, spec = {}): Pod =>
  testPod(name, {}, { nodeName, ...spec }, labels)
const short = (text: string) => text.replace(/ no new claims.*$/, '')

describe('what must hold', () => {
  test('affinity draws a pod into the zone of those it means', () => {
    const cluster = testCluster({ nodes, pods: [placed('x', 'b1')] })
    expect(cluster.place(testPod('p', {}, { affinity: requires('podAffinity') }))).toBe('b1')
  })
  test('without any such pod it goes nowhere, unless it is the first of its kind', () => {
    const cluster = testCluster({ nodes })
    const affinity = requires('podAffinity')
    expect(short(cluster.place(testPod('p', {}, { affinity })))).toBe(
      "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
    )
    expect(cluster.place(testPod('p', {}, { affinity }, web))).toMatch(/^[ab]/)
  })
  test('anti-affinity keeps it out, also that of pods which are there', () => {
    const crowded = testCluster({ nodes, pods: [placed('x', 'a1'), placed('y', 'b1')] })
    expect(short(crowded.place(testPod('p', {}, { affinity: requires('podAntiAffinity') })))).toBe(
      "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
    )
    const shy = { affinity: requires('podAntiAffinity') }
    const guarded = testCluster({ nodes, pods: [placed('x', 'a1', { app: 'db' }, shy)] })
    expect(guarded.place(testPod('p', {}, {}, web))).toBe('b1')
    const all = testCluster({ nodes: nodes.slice(0, 2), pods: [placed('x', 'a1', { app: 'db' }, shy)] })
    expect(short(all.place(testPod('p', {}, {}, web)))).toBe(
      "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.",
    )
  })
  test('a term means its own namespace, those it names and those it selects', () => {
    const elsewhere = placed('x', 'b1')
    elsewhere.metadata.namespace = 'other'
    const list = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other', labels: { team: 'x' } } }
    const cluster = testCluster({ nodes, pods: [elsewhere], objects: [[namespaces, [list]]] })
    const place = (more: Partial<PodAffinityTerm>) =>
      cluster.place(testPod('p', {}, { affinity: requires('podAffinity', more) }))
    expect(place({})).toContain('0/3')
    expect(place({ namespaces: ['other'] })).toBe('b1')
    expect(place({ namespaceSelector: {} })).toBe('b1')
    expect(place({ namespaceSelector: { matchLabels: { team: 'x' } } })).toBe('b1')
    expect(place({ namespaceSelector: { matchLabels: { team: 'y' } } })).toContain('0/3')
  })
  test('pods that go are not counted any more', () => {
    const cluster = testCluster({ nodes, pods: [placed('x', 'a1'), placed('y', 'b1')] })
    const pod = testPod('p', {}, { affinity: requires('podAntiAffinity') })
    expect(cluster.place(pod)).toContain('0/3')
    cluster.snapshot.removePod('default/y')
    expect(cluster.place(pod)).toBe('b1')
  })
})

describe('what is wished', () => {
  test('a preference of the pod draws or repels it', () => {
    const cluster = testCluster({ nodes, pods: [placed('x', 'b1')] })
    expect(cluster.place(testPod('p', {}, { affinity: prefers('podAffinity') }))).toBe('b1')
    expect(cluster.place(testPod('p', {}, { affinity: prefers('podAntiAffinity') }))).toMatch(/^a/)
  })
  test('so does one of a pod that is there', () => {
    for (const [kind, where] of [
      ['podAffinity', /^b/],
      ['podAntiAffinity', /^a/],
    ] as const) {
      const pods = [placed('x', 'b1', { app: 'db' }, { affinity: prefers(kind) })]
      expect(testCluster({ nodes, pods }).place(testPod('p', {}, {}, web))).toMatch(where)
    }
  })
})
