import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { testCluster, testNode, testPod } from '../testing.ts'
import { loadComponentPlugin } from './component-plugin.ts'

const root = join(import.meta.dir, '../../..')

test('a plugin from a component file decides where a pod goes', async () => {
  const mostAllocated = await loadComponentPlugin(join(root, 'wasm/components/most-allocated.wasm'))
  expect(mostAllocated.name).toBe('most-allocated')
  const nodes = ['a', 'b', 'c'].map(name => testNode(name))
  const pods = [testPod('q', { cpu: '2', memory: '2Gi' }, { nodeName: 'b' })]
  const pod = testPod('p', { cpu: '500m' })
  expect(testCluster({ nodes, pods }).place(pod)).not.toBe('b')
  expect(testCluster({ nodes, pods, extra: [{ ...mostAllocated, weight: 10 }] }).place(pod)).toBe('b')
}, 120_000)

test('what is no such component is refused by name', async () => {
  const path = join(root, 'wasm/kernels/node-columns.wasm')
  expect(loadComponentPlugin(path)).rejects.toThrow(
    `${path} cannot be loaded as a component of the world hutch:scheduler/score-plugin`,
  )
})
