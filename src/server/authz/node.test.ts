import { describe, expect, test } from 'bun:test'
import type { PersistentVolume, Pod } from '../../api/types/core-v1.gen.ts'
import { createMetrics } from '../../std/metrics.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { nodeRules } from '../bootstrap-policy/policy.ts'
import { memorySource } from '../lister.ts'
import { createNodeAuthorizer } from './node.ts'
import { createNodeGraph, type NodeOwned } from './node-graph.ts'
import { info, user } from './testing.ts'

const kubelet = user('system:node:n1', 'system:nodes', 'system:authenticated')

const pod: Pod = {
  metadata: { name: 'web', namespace: 'a' },
  spec: {
    nodeName: 'n1',
    serviceAccountName: 'robot',
    imagePullSecrets: [{ name: 'pull' }],
    initContainers: [
      { name: 'i', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'init-env', key: 'k' } } }] },
    ],
    containers: [
      {
        name: 'c',
        envFrom: [{ configMapRef: { name: 'env-from' } }, { secretRef: { name: 'secret-from' } }],
      },
    ],
    volumes: [
      { name: 's', secret: { secretName: 'mounted' } },
      {
        name: 'p',
        projected: { sources: [{ configMap: { name: 'ca' } }, { secret: { name: 'projected' } }] },
      },
      { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'e', ephemeral: {} },
    ],
    resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu-1' }],
  },
}

const volume: PersistentVolume = {
  metadata: { name: 'pv1' },
  spec: {
    claimRef: { namespace: 'a', name: 'data' },
    csi: { driver: 'x', volumeHandle: 'h', nodeStageSecretRef: { namespace: 'store', name: 'stage' } },
  },
}

function setup(podCertificates = false) {
  const pods = memorySource<Pod>([pod])
  const persistentVolumes = memorySource<PersistentVolume>([volume])
  const volumeAttachments = memorySource<NodeOwned>([{ metadata: { name: 'va' }, spec: { nodeName: 'n1' } }])
  const podCertificateRequests = memorySource<NodeOwned>([
    { metadata: { name: 'mine', namespace: 'a' }, spec: { nodeName: 'n1' } },
    { metadata: { name: 'theirs', namespace: 'a' }, spec: { nodeName: 'n2' } },
  ])
  const graph = createNodeGraph(
    { pods, persistentVolumes, volumeAttachments, podCertificateRequests },
    simPorts(),
  )
  const authorize = createNodeAuthorizer(graph, nodeRules(), { podCertificates })
  const ask = (who: typeof kubelet, [verb, what, more, fieldSelector]: Question) =>
    authorize({
      user: who,
      info: info(verb, what, more),
      ...(fieldSelector !== undefined && { fieldSelector }),
    })
  return { pods, persistentVolumes, ask }
}

type Question = [string, string, Parameters<typeof info>[2]?, string?]
const inA = (name: string) => ({ namespace: 'a', name })
const lease = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' }
const storage = { group: 'storage.k8s.io' }

const allowed: Question[] = [
  ['get', 'secrets', inA('mounted')],
  ['watch', 'secrets', inA('pull')],
  ['list', 'secrets', inA('init-env')],
  ['get', 'secrets', inA('secret-from')],
  ['get', 'secrets', inA('projected')],
  ['get', 'secrets', { namespace: 'store', name: 'stage' }],
  ['get', 'configmaps', inA('env-from')],
  ['watch', 'configmaps', inA('ca')],
  ['get', 'persistentvolumeclaims', inA('data')],
  ['get', 'persistentvolumeclaims', inA('web-e')],
  ['patch', 'persistentvolumeclaims/status', inA('data')],
  ['get', 'persistentvolumes', { name: 'pv1' }],
  ['get', 'resourceclaims', { ...inA('gpu-1'), group: 'resource.k8s.io' }],
  ['get', 'serviceaccounts', inA('robot')],
  ['create', 'serviceaccounts/token', inA('robot')],
  ['get', 'nodes', { name: 'n1' }],
  ['watch', 'nodes', { name: 'n1' }],
  ['create', 'nodes'],
  ['patch', 'nodes/status', { name: 'n1' }],
  ['get', 'pods', inA('web')],
  ['list', 'pods', {}, 'spec.nodeName=n1'],
  ['watch', 'pods', {}, 'metadata.namespace!=x,spec.nodeName=n1'],
  ['create', 'pods', { namespace: 'a' }],
  ['delete', 'pods', inA('web')],
  ['patch', 'pods/status', inA('web')],
  ['create', 'pods/eviction', inA('web')],
  ['create', 'leases', lease],
  ['update', 'leases', { ...lease, name: 'n1' }],
  ['get', 'csinodes', { ...storage, name: 'n1' }],
  ['get', 'volumeattachments', { ...storage, name: 'va' }],
  ['list', 'services'],
  ['create', 'events', { namespace: 'a' }],
  ['create', 'tokenreviews', { group: 'authentication.k8s.io' }],
  ['create', 'certificatesigningrequests', { group: 'certificates.k8s.io' }],
  ['watch', 'runtimeclasses', { group: 'node.k8s.io' }],
]

const refused: Question[] = [
  ['get', 'secrets', inA('other')],
  ['list', 'secrets', { namespace: 'a' }],
  ['list', 'secrets'],
  ['update', 'secrets', inA('mounted')],
  ['get', 'secrets', { namespace: 'b', name: 'mounted' }],
  ['get', 'configmaps', inA('mounted')],
  ['get', 'persistentvolumes', { name: 'pv2' }],
  ['list', 'persistentvolumes'],
  ['get', 'persistentvolumeclaims/status', inA('data')],
  ['get', 'serviceaccounts', inA('default')],
  ['create', 'serviceaccounts/token', inA('default')],
  ['create', 'serviceaccounts', { namespace: 'a' }],
  ['get', 'nodes', { name: 'n2' }],
  ['list', 'nodes'],
  ['delete', 'nodes', { name: 'n1' }],
  ['list', 'pods'],
  ['list', 'pods', {}, 'spec.nodeName=n2'],
  ['list', 'pods', {}, 'spec.nodeName!=n1'],
  ['get', 'pods', inA('stranger')],
  ['update', 'pods', inA('web')],
  ['create', 'pods/exec', inA('web')],
  ['get', 'pods/log', inA('web')],
  ['update', 'leases', { ...lease, name: 'n2' }],
  ['list', 'leases', lease],
  ['get', 'leases', { ...lease, namespace: 'kube-system', name: 'n1' }],
  ['update', 'csinodes', { ...storage, name: 'n2' }],
  ['get', 'volumeattachments', { ...storage, name: 'vb' }],
  ['list', 'deployments', { group: 'apps' }],
  ['get', '/metrics'],
]

describe('a kubelet', () => {
  const { ask } = setup()
  for (const question of allowed) {
    test(`may ${JSON.stringify(question)}`, () => expect(ask(kubelet, question).decision).toBe('allow'))
  }
  for (const question of refused) {
    test(`may not ${JSON.stringify(question)}`, () =>
      expect(ask(kubelet, question).decision).toBe('noOpinion'))
  }

  test('of another node reaches nothing of this one, and says why', () => {
    const other = user('system:node:n2', 'system:nodes')
    expect(ask(other, ['get', 'secrets', inA('mounted')])).toEqual({
      decision: 'noOpinion',
      reason: "no relationship found between node 'n2' and this object",
    })
    expect(ask(other, ['list', 'nodes']).reason).toBe(
      "node 'n2' cannot read all nodes, only its own Node object",
    )
  })

  test('needs both the name and the group', () => {
    expect(ask(user('system:node:n1'), allowed[0]!)).toEqual({ decision: 'noOpinion', reason: '' })
    expect(ask(user('n1', 'system:nodes'), allowed[0]!)).toEqual({ decision: 'noOpinion', reason: '' })
  })
})

test('requests for certificates of pods are for its own node, once the gate is on', () => {
  const what = 'podcertificaterequests'
  const group = 'certificates.k8s.io'
  const questions: Question[] = [
    ['create', what, { group, namespace: 'a' }],
    ['get', what, { ...inA('mine'), group }],
    ['watch', what, { group }, 'spec.nodeName=n1'],
    ['get', what, { ...inA('theirs'), group }],
    ['list', what, { group }],
    ['update', what, { ...inA('mine'), group }],
    ['get', `${what}/status`, { ...inA('mine'), group }],
  ]
  const { ask } = setup(true)
  expect(questions.map(question => ask(kubelet, question).reason || 'allowed')).toEqual([
    'allowed',
    'allowed',
    'allowed',
    "no relationship found between node 'n1' and this object",
    'can only list/watch podcertificaterequests with nodeName field selector',
    'nodes may not update podcertificaterequests',
    'nodes may not access the status subresource of PodCertificateRequests',
  ])
  const off = setup()
  for (const question of questions)
    expect(off.ask(kubelet, question)).toEqual({ decision: 'noOpinion', reason: '' })
})

describe('the graph', () => {
  const secret: Question = ['get', 'secrets', inA('mounted')]

  test('forgets with the last pod that refers', () => {
    const { pods, ask } = setup()
    pods.put({ ...pod, metadata: { ...pod.metadata, name: 'web-2' } })
    pods.remove('a', 'web')
    expect(ask(kubelet, secret).decision).toBe('allow')
    pods.remove('a', 'web-2')
    expect(ask(kubelet, secret).decision).toBe('noOpinion')
    expect(ask(kubelet, ['get', 'persistentvolumes', { name: 'pv1' }]).decision).toBe('noOpinion')
  })

  test('gives nothing for unbound pods and for mirror pods', () => {
    const { pods, ask } = setup()
    pods.put({ ...pod, metadata: { ...pod.metadata, annotations: { 'kubernetes.io/config.mirror': 'x' } } })
    expect(ask(kubelet, secret).decision).toBe('noOpinion')
    expect(ask(kubelet, ['get', 'pods', inA('web')]).decision).toBe('allow')
    pods.put({ ...pod, spec: { ...pod.spec!, nodeName: '' } })
    expect(ask(kubelet, ['get', 'pods', inA('web')]).decision).toBe('noOpinion')
  })

  test('follows a volume to another claim', () => {
    const { persistentVolumes, ask } = setup()
    persistentVolumes.put({
      ...volume,
      spec: { ...volume.spec!, claimRef: { namespace: 'a', name: 'other' } },
    })
    expect(ask(kubelet, ['get', 'persistentvolumes', { name: 'pv1' }]).decision).toBe('noOpinion')
    expect(ask(kubelet, ['get', 'secrets', { namespace: 'store', name: 'stage' }]).decision).toBe('noOpinion')
  })
})

test('what is taken into the graph is timed, under upstream’s names', () => {
  const pods = memorySource<Pod>([pod])
  const persistentVolumes = memorySource<PersistentVolume>([volume])
  const metrics = createMetrics()
  createNodeGraph({ pods, persistentVolumes }, { ...simPorts(), metrics })
  const counted = () =>
    [
      ...metrics
        .text()
        .matchAll(/^node_authorizer_graph_actions_duration_seconds_count\{operation="(\w+)"\} (\d+)/gm),
    ]
      .map(([, operation, count]) => `${operation} ${count}`)
      .toSorted()
  expect(counted()).toEqual(['AddPV 1', 'AddPod 1'])
  pods.put({ metadata: { name: 'nowhere', namespace: 'a' } })
  pods.remove(pod.metadata.namespace ?? '', pod.metadata.name ?? '')
  expect(counted()).toEqual(['AddPV 1', 'AddPod 1', 'DeletePod 1'])
})
