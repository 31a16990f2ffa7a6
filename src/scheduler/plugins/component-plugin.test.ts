import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { createLabelIndexTwin } from '../../kernels/label-index.ts'
import { createNodeColumnsTwin } from '../../kernels/node-columns.ts'
import { simRandom } from '../../std/sim-ports.ts'
import { findNode } from '../framework/find-node.ts'
import { createClusterSnapshot } from '../snapshot/cluster-snapshot.ts'
import { podResources } from '../snapshot/pod-resources.ts'
import { testNode, testPod } from '../testing.ts'
import { loadComponentPlugin } from './component-plugin.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'

const root = join(import.meta.dir, '../../..')

test('a plugin from a component file decides where a pod goes', async () => {
  const mostAllocated = await loadComponentPlugin(join(root, 'wasm/components/most-allocated.wasm'))
  expect(mostAllocated.name).toBe('most-allocated')
  const snapshot = createClusterSnapshot({ columns: createNodeColumnsTwin(), labels: createLabelIndexTwin() })
  for (const name of ['a', 'b', 'c']) snapshot.setNode(testNode(name))
  snapshot.assume(testPod('q', { cpu: '2', memory: '2Gi' }), 'b')
  const pod = testPod('p', { cpu: '500m' })
  const cycle = { pod, resources: podResources(pod), snapshot, state: new Map() }
  const place = (plugins: Parameters<typeof findNode>[0]) => {
    const verdict = findNode(plugins, cycle, simRandom(1))
    return verdict.outcome === 'node' ? verdict.node.name : verdict.failure.message
  }
  expect(place([nodeResourcesFit])).not.toBe('b')
  expect(place([nodeResourcesFit, { ...mostAllocated, weight: 10 }])).toBe('b')
})

test('what is no such component is refused by name', async () => {
  const path = join(root, 'wasm/kernels/node-columns.wasm')
  expect(loadComponentPlugin(path)).rejects.toThrow(
    `${path} is not a component of the world hutch:scheduler/score-plugin`,
  )
})
