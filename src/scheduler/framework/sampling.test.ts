import { expect, test } from 'bun:test'
import { testCluster, testNode, testPod } from '../testing.ts'
import { nodesToFind } from './sampling.ts'

test.each([
  // nodes, percentage, wanted: what upstream's own function says.
  [10, 0, 10],
  [99, 5, 99],
  [100, 40, 100],
  [1000, 0, 420],
  [1000, 40, 400],
  [5000, 0, 500],
  [6000, 0, 300],
  [6000, 40, 2400],
  [6000, 100, 6000],
])('of %d nodes at %d %% the best of %d is chosen', (nodes, percentage, wanted) => {
  expect(nodesToFind(nodes, percentage)).toBe(wanted)
})

const zone = 'topology.kubernetes.io/zone'

/** The names of the nodes that were scored, pod by pod. */
function scored(nodes: number, pods: number): string[][] {
  const cluster = testCluster({
    nodes: Array.from({ length: nodes }, (_, index) =>
      // All of a zone came together.
      testNode(`n${index}`, { labels: { [zone]: index < nodes / 2 ? 'east' : 'west' } }),
    ),
  })
  return Array.from({ length: pods }, (_, index) => {
    const names = new Set<string>()
    cluster.verdict(testPod(`p${index}`), (_plugin, row) => names.add(cluster.snapshot.nodeAt(row)!.name))
    return [...names]
  })
}

test('of many nodes some are scored, from each zone as many, and the next ones for the next pod', () => {
  const [first, second, third] = scored(400, 3) as [string[], string[], string[]]
  expect(first.length).toBe(188)
  expect(first.filter(name => Number(name.slice(1)) < 200).length).toBe(94)
  expect(second.filter(name => first.includes(name))).toEqual([])
  // Around: what is left of all, and those of the beginning.
  expect(third.filter(name => first.includes(name)).length).toBe(164)
})

test('a node that alone will do is found wherever the search begins', () => {
  const nodes = Array.from({ length: 300 }, (_, index) =>
    testNode(`n${index}`, { spec: { unschedulable: index !== 7 } }),
  )
  const cluster = testCluster({ nodes })
  for (let index = 0; index < 5; index++) expect(cluster.place(testPod(`p${index}`))).toBe('n7')
})

test('nodes that come and go take part in the turns', () => {
  const { snapshot, place } = testCluster({ nodes: [testNode('a'), testNode('b'), testNode('c')] })
  place(testPod('p'))
  snapshot.removeNode('a')
  expect(snapshot.rotation.rows().length).toBe(2)
  expect(snapshot.rotation.start()).toBeLessThan(2)
  snapshot.setNode(testNode('d'))
  const names = [...snapshot.rotation.rows()].map(row => snapshot.nodeAt(row)!.name)
  expect(names.toSorted()).toEqual(['b', 'c', 'd'])
})
