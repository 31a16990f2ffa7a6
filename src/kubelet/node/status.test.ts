import { expect, test } from 'bun:test'
import type { NodeStatus } from '../../api/types/core-v1.gen.ts'
import { kubeletDefaults } from '../config.ts'
import { differs, type NodeInput, nodeStatus } from './status.ts'

const input: NodeInput = {
  config: {
    ...kubeletDefaults,
    nodeName: 'n',
    nodeIps: ['192.0.2.1'],
    kubeletVersion: 'v1',
    dataDir: '',
  },
  facts: {
    ...{ hostname: 'n', cpus: 2, memoryBytes: 256 * 2 ** 30, storageBytes: 2 ** 40, architecture: 'amd64' },
    ...{ machineId: '', systemUuid: '', bootId: '', kernelVersion: '', osImage: '' },
  } as NodeInput['facts'],
  free: {} as NodeInput['free'],
  runtime: { name: 'simulated', version: '1' } as NodeInput['runtime'],
  notReady: undefined,
  images: [],
  nowMs: 0,
}

test('a status is the same after the server has kept it, but for its heartbeats', () => {
  const { images: _none, ...kept } = nodeStatus(input, {}) as NodeStatus
  expect(kept.capacity?.memory).toBe('256Gi')
  expect(kept.capacity?.['ephemeral-storage']).toBe('1Ti')
  const later = nodeStatus({ ...input, nowMs: 60_000 }, kept)
  expect(differs(kept, { ...kept, ...later })).toBe(false)
  const ill = nodeStatus({ ...input, notReady: 'no network' }, kept)
  expect(differs(kept, { ...kept, ...ill })).toBe(true)
})
