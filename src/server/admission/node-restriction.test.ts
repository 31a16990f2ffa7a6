import { describe, expect, test } from 'bun:test'
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ServiceAccount,
} from '../../api/types/core-v1.gen.ts'
import type { CSIDriver } from '../../api/types/storage-v1.gen.ts'
import { memorySource } from '../lister.ts'
import { newEcKey } from '../pki/certificate.ts'
import { createCertificateRequest } from '../pki/issue.ts'
import { nodeRestriction } from './node-restriction.ts'
import { claim, kubelet, mine, mirror, node, owner, theirs } from './node-restriction-fixtures.ts'
import { run, type TestRequest } from './testing.ts'

const plugin = nodeRestriction({
  pods: memorySource<Pod>([mine, theirs]),
  nodes: memorySource<Node>([node]),
  claims: memorySource<PersistentVolumeClaim>(),
  volumes: memorySource<PersistentVolume>(),
  csiDrivers: memorySource<CSIDriver>([
    { metadata: { name: 'csi.x' }, spec: { tokenRequests: [{ audience: 'csi' }] } },
  ]),
  serviceAccounts: memorySource<ServiceAccount>(),
  podCertificates: false,
  authorize: ({ info }) => ({ decision: info.resource === 'granted' ? 'allow' : 'noOpinion', reason: '' }),
})

const staticPod = (change: object = {}, spec: object = {}) => ({
  metadata: { name: 's', namespace: 'a', annotations: mirror, ownerReferences: [owner], ...change },
  spec: { nodeName: 'n1', containers: [], ...spec },
})
const volume = (source: object) => staticPod({}, { volumes: [{ name: 'v', ...source }] })
const ownedBy = (change: object) => staticPod({ ownerReferences: [{ ...owner, ...change }] })
const labelled = (labels: object) => ({
  metadata: { ...node.metadata, labels: { ...node.metadata.labels, ...labels } },
})
const token = (spec: object, name = 'robot') => ({
  what: 'serviceaccounts',
  subresource: 'token',
  name,
  namespace: 'a',
  object: { metadata: {}, spec },
})
const bound = { apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: 'pod-1' }
const update = 'UPDATE' as const
const remove = 'DELETE' as const
const status = { what: 'pods', subresource: 'status', operation: update }
const lease = (name: string, namespace = 'kube-node-lease') => ({
  what: 'coordination.k8s.io/leases',
  object: { metadata: { name, namespace } },
})

const request = async (commonName: string) => ({
  what: 'certificates.k8s.io/certificatesigningrequests',
  object: {
    metadata: { name: 'csr' },
    spec: {
      signerName: 'kubernetes.io/kubelet-serving',
      request: btoa(
        await createCertificateRequest(
          { commonName, organizations: ['system:nodes'], names: [] },
          newEcKey(),
        ),
      ),
    },
  },
})
const ownRequest = await request('system:node:n1')
const otherRequest = await request('system:node:n2')

const allowed: [string, TestRequest][] = [
  ['create its mirror pod', { what: 'pods', object: staticPod() }],
  ['create a mirror pod with plain volumes', { what: 'pods', object: volume({ hostPath: { path: '/' } }) }],
  [
    'create a mirror pod with downward projections',
    { what: 'pods', object: volume({ projected: { sources: [{ downwardAPI: {} }] } }) },
  ],
  ['delete its pod', { what: 'pods', operation: remove, name: 'mine', namespace: 'a' }],
  [
    'update its pod’s status',
    { ...status, object: { ...mine, status: { phase: 'Running' } }, oldObject: mine },
  ],
  [
    'evict its pod',
    {
      what: 'pods',
      subresource: 'eviction',
      name: 'mine',
      namespace: 'a',
      object: { metadata: { name: 'mine' } },
    },
  ],
  ['create itself', { what: 'nodes', object: node }],
  [
    'create itself with kubelet labels',
    { what: 'nodes', object: labelled({ 'node.kubernetes.io/x': '1', own: '2' }) },
  ],
  [
    'update its status',
    { what: 'nodes', subresource: 'status', operation: update, object: node, oldObject: node },
  ],
  ['get a token for its pod', token({ boundObjectRef: bound })],
  ['get a token for an audience of its pod', token({ boundObjectRef: bound, audiences: ['vault'] })],
  ['get a token for a CSI driver’s audience', token({ boundObjectRef: bound, audiences: ['csi'] })],
  ['get a token for a granted audience', token({ boundObjectRef: bound, audiences: ['granted'] })],
  ['create its lease', lease('n1')],
  ['create its CSINode', { what: 'storage.k8s.io/csinodes', object: { metadata: { name: 'n1' } } }],
  [
    'create its slice',
    { what: 'resource.k8s.io/resourceslices', object: { metadata: { name: 's' }, spec: { nodeName: 'n1' } } },
  ],
  [
    'resize a claim’s status',
    {
      what: 'persistentvolumeclaims',
      subresource: 'status',
      operation: update,
      oldObject: claim,
      object: { ...claim, status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
    },
  ],
  ['ask for its own certificate', ownRequest],
  ['write events', { what: 'events', object: { metadata: { name: 'e', namespace: 'a' } } }],
]

const refused: [string, TestRequest, string][] = [
  [
    'create an ordinary pod',
    { what: 'pods', object: staticPod({ annotations: {} }) },
    'can only create mirror pods',
  ],
  [
    'create a pod for another node',
    { what: 'pods', object: staticPod({}, { nodeName: 'n2' }) },
    'spec.nodeName set to itself',
  ],
  [
    'create a pod without owner',
    { what: 'pods', object: staticPod({ ownerReferences: [] }) },
    'with an owner reference set to itself',
  ],
  [
    'create a pod with two owners',
    { what: 'pods', object: staticPod({ ownerReferences: [owner, owner] }) },
    'with a single owner reference',
  ],
  [
    'create a pod of another node',
    { what: 'pods', object: ownedBy({ name: 'n2' }) },
    'with an owner reference set to itself',
  ],
  [
    'create a pod without controller',
    { what: 'pods', object: ownedBy({ controller: false }) },
    'controller owner reference',
  ],
  [
    'block its owner',
    { what: 'pods', object: ownedBy({ blockOwnerDeletion: true }) },
    'must not set blockOwnerDeletion',
  ],
  [
    'create a pod for an earlier node',
    { what: 'pods', object: ownedBy({ uid: 'old' }) },
    'node n1 UID mismatch: expected old got node-1',
  ],
  [
    'refer to an account',
    { what: 'pods', object: staticPod({}, { serviceAccountName: 'x' }) },
    'can not create pods that reference serviceaccounts',
  ],
  [
    'refer to a secret',
    { what: 'pods', object: volume({ secret: { secretName: 's' } }) },
    'reference secrets',
  ],
  [
    'refer to a configmap',
    { what: 'pods', object: volume({ configMap: { name: 's' } }) },
    'reference configmaps',
  ],
  [
    'refer to a claim',
    { what: 'pods', object: volume({ persistentVolumeClaim: { claimName: 's' } }) },
    'reference persistentvolumeclaims',
  ],
  [
    'refer to a driver',
    { what: 'pods', object: volume({ csi: { driver: 's' } }) },
    'reference csidrivers (via CSI volumes)',
  ],
  [
    'project a token',
    { what: 'pods', object: volume({ projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }) },
    'serviceaccounts (via projected volumes)',
  ],
  ['use an unknown volume', { what: 'pods', object: volume({}) }, 'unknown volume type'],
  [
    'claim devices',
    { what: 'pods', object: staticPod({}, { resourceClaims: [{ name: 'g' }] }) },
    'reference resourceclaims',
  ],
  [
    'update a pod',
    { what: 'pods', operation: update, object: mine, oldObject: mine },
    'can only create and delete mirror pods',
  ],
  [
    'delete another’s pod',
    { what: 'pods', operation: remove, name: 'theirs', namespace: 'a' },
    'can only delete pods with spec.nodeName set to itself',
  ],
  ['delete no pod', { what: 'pods', operation: remove, name: 'x', namespace: 'a' }, 'pod "x" not found'],
  [
    'bind a pod',
    { what: 'pods', subresource: 'binding', object: { metadata: { name: 'mine' } }, namespace: 'a' },
    "only 'status' and 'eviction' are allowed",
  ],
  [
    'update another’s status',
    { ...status, object: theirs, oldObject: theirs },
    'can only update pod status for pods with spec.nodeName set to itself',
  ],
  [
    'relabel through status',
    { ...status, object: { ...mine, metadata: { ...mine.metadata, labels: {} } }, oldObject: mine },
    'cannot update labels through pod status',
  ],
  [
    'claim through status',
    { ...status, object: { ...mine, status: { resourceClaimStatuses: [{ name: 'g' }] } }, oldObject: mine },
    'cannot update resource claim statues',
  ],
  [
    'evict another’s pod',
    { what: 'pods', subresource: 'eviction', name: 'theirs', namespace: 'a', object: { metadata: {} } },
    'can only evict pods',
  ],
  [
    'create another node',
    { what: 'nodes', object: { metadata: { name: 'n2' } } },
    'node "n1" is not allowed to modify node "n2"',
  ],
  [
    'update another node',
    { what: 'nodes', operation: update, name: 'n2', object: node, oldObject: node },
    'not allowed to modify node "n2"',
  ],
  [
    'take a restricted label',
    { what: 'nodes', object: labelled({ 'node-restriction.kubernetes.io/x': '1' }) },
    'is not allowed to set the following labels: node-restriction.kubernetes.io/x',
  ],
  [
    'take a kubernetes label',
    { what: 'nodes', object: labelled({ 'node-role.kubernetes.io/control-plane': '' }) },
    'set the following labels: node-role.kubernetes.io/control-plane',
  ],
  [
    'change a restricted label',
    {
      what: 'nodes',
      operation: update,
      object: node,
      oldObject: labelled({ 'a.node-restriction.kubernetes.io/x': '1' }),
    },
    'is not allowed to modify labels: a.node-restriction.kubernetes.io/x',
  ],
  [
    'drop its taints',
    {
      what: 'nodes',
      operation: update,
      object: node,
      oldObject: { ...node, spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } },
    },
    'is not allowed to modify taints',
  ],
  [
    'change its owners',
    {
      what: 'nodes',
      operation: update,
      object: { metadata: { ...node.metadata, ownerReferences: [owner] } },
      oldObject: node,
    },
    'is not allowed to modify ownerReferences',
  ],
  [
    'set a config source',
    { what: 'nodes', object: { ...node, spec: { configSource: {} } } },
    'non-nil configSource',
  ],
  ['get a free token', token({}), 'node requested token not bound to a pod'],
  ['get a token without uid', token({ boundObjectRef: { ...bound, uid: '' } }), 'pod binding without a uid'],
  [
    'get a token for an old pod',
    token({ boundObjectRef: { ...bound, uid: 'x' } }),
    'does not match the UID in record',
  ],
  [
    'get a token for another’s pod',
    token({ boundObjectRef: { ...bound, name: 'theirs', uid: 'pod-2' } }),
    'bound to a pod scheduled on a different node',
  ],
  ['get a token for no pod', token({ boundObjectRef: { ...bound, name: 'x' } }), 'pod "x" not found'],
  [
    'get a node-bound token',
    token({ boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: 'n1' } }),
    'not bound to a pod',
  ],
  [
    'get a token for a foreign audience',
    token({ boundObjectRef: bound, audiences: ['bank'] }),
    'audience "bank" not found in pod spec volume, system:node:n1 is not authorized',
  ],
  [
    'get a token for two audiences',
    token({ boundObjectRef: bound, audiences: ['vault', 'csi'] }),
    'node may only request 0 or 1 audiences',
  ],
  [
    'create another’s lease',
    lease('n2'),
    'can only access node lease with the same name as the requesting node',
  ],
  [
    'create a lease elsewhere',
    lease('n1', 'kube-system'),
    'can only access leases in the "kube-node-lease" system namespace',
  ],
  [
    'create another’s CSINode',
    { what: 'storage.k8s.io/csinodes', object: { metadata: { name: 'n2' } } },
    'can only access CSINode with the same name',
  ],
  [
    'create another’s slice',
    { what: 'resource.k8s.io/resourceslices', object: { metadata: { name: 's' }, spec: { nodeName: 'n2' } } },
    'can only create ResourceSlice',
  ],
  [
    'delete another’s slice',
    {
      what: 'resource.k8s.io/resourceslices',
      operation: remove,
      name: 's',
      oldObject: { metadata: { name: 's' }, spec: {} },
    },
    'can only delete ResourceSlice',
  ],
  [
    'update a claim',
    { what: 'persistentvolumeclaims', operation: update, object: claim, oldObject: claim },
    'may only update PVC status',
  ],
  [
    'change a claim through status',
    {
      what: 'persistentvolumeclaims',
      subresource: 'status',
      operation: update,
      oldObject: claim,
      object: { ...claim, metadata: { ...claim.metadata, labels: { a: 'b' } } },
    },
    'is not allowed to update fields other than',
  ],
  ['ask for another’s certificate', otherRequest, 'can only create a node CSR with CN=system:node:n1'],
]

describe('NodeRestriction lets a kubelet', () => {
  test.each(allowed)('%s', async (_, given) => {
    expect((await run(plugin, { ...given, user: kubelet })).refused).toBeUndefined()
  })
})

describe('NodeRestriction does not let a kubelet', () => {
  test.each(refused)('%s', async (_, given, text) => {
    expect((await run(plugin, { ...given, user: kubelet })).refused).toContain(text)
  })

  test('without a name write anything', async () => {
    const user = { username: 'system:node:', groups: ['system:nodes'] }
    expect((await run(plugin, { what: 'nodes', object: node, user })).refused).toContain(
      'could not determine node from user "system:node:"',
    )
  })
})

test('NodeRestriction leaves other users alone', async () => {
  for (const [, given] of refused) expect((await run(plugin, given)).refused).toBeUndefined()
})
