import type { Node, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'

export const mirror = { 'kubernetes.io/config.mirror': 'hash' }
export const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-1', controller: true }
export const kubelet = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }

export const mine: Pod = {
  metadata: { name: 'mine', namespace: 'a', uid: 'pod-1', labels: { app: 'x' } },
  spec: {
    nodeName: 'n1',
    serviceAccountName: 'robot',
    containers: [],
    volumes: [
      { name: 't', projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } },
      { name: 'k', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      { name: 'c', csi: { driver: 'csi.x' } },
    ],
  },
}
export const theirs: Pod = {
  metadata: { name: 'theirs', namespace: 'a', uid: 'pod-2' },
  spec: { nodeName: 'n2', containers: [] },
}
export const node: Node = { metadata: { name: 'n1', uid: 'node-1', labels: { 'kubernetes.io/os': 'linux' } } }
export const claim: PersistentVolumeClaim = {
  metadata: { name: 'd', namespace: 'a' },
  spec: {},
  status: { phase: 'Bound' },
}
