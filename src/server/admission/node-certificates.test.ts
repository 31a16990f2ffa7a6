import { expect, test } from 'bun:test'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import type { CSIDriver } from '../../api/types/storage-v1.gen.ts'
import { memorySource } from '../lister.ts'
import { nodeRestriction } from './node-restriction.ts'
import { kubelet, mine, mirror, node, theirs } from './node-restriction-fixtures.ts'
import { run } from './testing.ts'

const reflected: Pod = {
  metadata: { name: 'reflected', namespace: 'a', uid: 'pod-3', annotations: mirror },
  spec: { nodeName: 'n1', containers: [] },
}
const plugin = (podCertificates: boolean) =>
  nodeRestriction({
    pods: memorySource<Pod>([mine, theirs, reflected]),
    nodes: memorySource<Node>([node]),
    claims: memorySource<PersistentVolumeClaim>(),
    volumes: memorySource<PersistentVolume>(),
    csiDrivers: memorySource<CSIDriver>(),
    serviceAccounts: memorySource([{ metadata: { name: 'robot', namespace: 'a', uid: 'account-1' } }]),
    podCertificates,
    authorize: () => ({ decision: 'noOpinion', reason: '' }),
  })

const good = {
  ...{ nodeName: 'n1', nodeUID: 'node-1', podName: 'mine', podUID: 'pod-1' },
  ...{ serviceAccountName: 'robot', serviceAccountUID: 'account-1' },
}
const what = 'certificates.k8s.io/podcertificaterequests'
const ask = (change: object, more: object = {}, podCertificates = true) =>
  run(plugin(podCertificates), {
    ...{ what, user: kubelet, namespace: 'a', ...more },
    object: { metadata: { name: 'r', namespace: 'a' }, spec: { ...good, ...change } },
  })

test('a kubelet asks for the certificate of a pod that it runs, once the gate is on', async () => {
  expect((await ask({})).refused).toBeUndefined()
  expect((await ask({}, {}, false)).refused).toEndWith('PodCertificateRequest feature gate is disabled')
})

test.each([
  [{ nodeName: 'n2' }, 403, 'Spec.NodeName="n2", which is not the requesting node "n1"'],
  [{ nodeUID: 'old' }, 500, 'names node UID "old", inconsistent with the running node ("node-1")'],
  [
    { podName: 'none' },
    500,
    'while retrieving pod "a/none" named in the PodCertificateRequest: pod "none" not',
  ],
  [{ podUID: 'old' }, 500, 'contains pod UID ("old") which differs from running pod "pod-1"'],
  [{ podName: 'theirs', podUID: 'pod-2' }, 403, 'pod "a/theirs" is not running on node "n1"'],
  [{ podName: 'reflected', podUID: 'pod-3' }, 403, 'pod "a/reflected" is a mirror pod'],
  [{ serviceAccountName: 'x' }, 403, 'serviceAccountName ("x") that differs from running pod ("robot")'],
  [{ serviceAccountUID: 'x' }, 500, 'UID "x", which differs from the running service account ("account-1")'],
])('asking with %j is refused with %i: %s', async (change, code, message) => {
  const refusal = await ask(change)
  expect(refusal.code).toBe(code)
  expect(refusal.refused).toContain(message)
})

test('it neither changes nor deletes requests', async () => {
  expect((await ask({}, { operation: 'UPDATE' })).refused).toEndWith('unexpected operation UPDATE')
  expect((await ask({}, { subresource: 'status' })).refused).toEndWith('unexpected subresource status')
})
