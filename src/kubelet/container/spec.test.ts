import { expect, test } from 'bun:test'
import type { PodSpec } from '../../api/types/core-v1.gen.ts'
import type { References } from '../references.ts'
import { testConfig, testPod } from '../testing.ts'
import { createSpecBuilder } from './spec.ts'

async function hostnameIn(spec: Partial<PodSpec>): Promise<string | undefined> {
  const pod = testPod('web', spec)
  const builder = createSpecBuilder({
    ...{ config: testConfig, references: {} as References, services: () => [], node: () => undefined },
    files: async () => ({ mounts: [], devices: [], logPath: '', terminationMessagePath: undefined }),
  })
  const { env } = await builder.container({
    ...{
      pod,
      container: pod.spec!.containers[0]!,
      attempt: 0,
      sandboxId: 's',
      volumes: new Map(),
      podIps: [],
    },
    image: { id: 'i', tags: [], digests: [], sizeBytes: 0, user: '' },
  })
  return new Map(env).get('HOSTNAME')
}

test('HOSTNAME is the host name of the pod, the node on its network, or what the pod says', async () => {
  expect(await hostnameIn({})).toBe('web')
  expect(await hostnameIn({ hostname: 'other' })).toBe('other')
  expect(await hostnameIn({ hostNetwork: true })).toBe('n1')
  const container = { name: 'main', env: [{ name: 'HOSTNAME', value: 'mine' }] }
  expect(await hostnameIn({ containers: [container] })).toBe('mine')
})
