import type { ClusterEvent, NodeChange, PodChange } from './events.ts'

const nodeLabels: Readonly<Record<NodeChange, string>> = {
  allocatable: 'UpdateNodeAllocatable',
  labels: 'UpdateNodeLabel',
  taints: 'UpdateNodeTaint',
  unschedulable: 'UpdateNodeTaint',
  conditions: 'UpdateNodeCondition',
  annotations: 'UpdateNodeAnnotation',
}
const podLabels: Readonly<Record<PodChange, string>> = {
  labels: 'UpdatePodLabel',
  scaledDown: 'UpdatePodScaleDown',
  tolerations: 'UpdatePodToleration',
  gatesLifted: 'UpdatePodSchedulingGatesEliminated',
  claims: 'UpdatePodGeneratedResourceClaim',
}
const objectLabels: Readonly<Record<string, string>> = {
  persistentvolumes: 'PersistentVolume',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  csinodes: 'storage.k8s.io/CSINode',
  csidrivers: 'storage.k8s.io/CSIDriver',
  csistoragecapacities: 'storage.k8s.io/CSIStorageCapacity',
  storageclasses: 'storage.k8s.io/StorageClass',
  volumeattachments: 'storage.k8s.io/VolumeAttachment',
  deviceclasses: 'resource.k8s.io/DeviceClass',
  resourceclaims: 'resource.k8s.io/ResourceClaim',
  resourceslices: 'resource.k8s.io/ResourceSlice',
}

/** What upstream calls an event where pods that it wakes are counted (kube-scheduler framework ClusterEvent.Label). */
export function eventLabel(event: ClusterEvent): string {
  switch (event.kind) {
    case 'nodeAdded':
      return 'NodeAdd'
    case 'nodeDeleted':
      return 'NodeDelete'
    case 'nodeUpdated':
      return `Node${first(event.changes, nodeLabels)}`
    case 'assignedPodAdded':
      return 'AssignedPodAdd'
    case 'assignedPodDeleted':
      return 'AssignedPodDelete'
    case 'assignedPodUpdated':
      return `AssignedPod${first(event.changes, podLabels)}`
    case 'podUpdated':
      return `UnschedulablePod${first(event.changes, podLabels)}`
    case 'object': {
      const change = event.old ? 'Update' : 'Add'
      return `${objectLabels[event.plural] ?? event.plural}${event.object ? change : 'Delete'}`
    }
  }
}

/** Of several changes at once the first gives the name. */
function first<C extends string>(changes: ReadonlySet<C>, labels: Readonly<Record<C, string>>): string {
  for (const change of changes) return labels[change]
  return 'Update'
}
