import { expect, test } from 'bun:test'
import type { Node } from '../../api/types/core-v1.gen.ts'
import { decodeValue } from '../../machinery/codec/index.ts'
import { kubeletDefaults } from '../config.ts'
import { nodes } from '../resources.ts'
import { differs, type NodeInput, nodeStatus } from './status.ts'

const bare: NodeInput = {
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

const image = { id: 'a', tags: ['a:1'], digests: ['a@sha256:1'], user: '' }

test.each<[string, NodeInput['images']]>([
  ['without images', []],
  ['with images of unknown size', [{ ...image, sizeBytes: 0 }]],
  ['with images', [{ ...image, sizeBytes: 5 }]],
])('a status %s is the same after the server has kept it, but for its heartbeats', (_, images) => {
  const input = { ...bare, images }
  const { object } = decodeValue(nodes.schema, { metadata: {}, status: nodeStatus(input, {}) })
  const kept = (object as unknown as Node).status!
  expect(kept.capacity?.memory).toBe('256Gi')
  expect(kept.capacity?.['ephemeral-storage']).toBe('1Ti')
  const later = nodeStatus({ ...input, nowMs: 60_000 }, kept)
  expect(differs(kept, { ...kept, ...later })).toBe(false)
  const ill = nodeStatus({ ...input, notReady: 'no network' }, kept)
  expect(differs(kept, { ...kept, ...ill })).toBe(true)
})
