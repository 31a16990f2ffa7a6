/** Fields whose features are off in 1.35: a client may write them, and they are gone (pkg/api/pod DropDisabledPodFields). */
import type {
  Container,
  ContainerStatus,
  EphemeralContainer,
  PodSpec,
  PodStatus,
} from '../../types/core-v1.gen.ts'

/** Of a new or changed pod. */
export function dropPodFields(spec: PodSpec | undefined): void {
  if (!spec) return
  delete spec.workloadRef
  for (const { projected } of spec.volumes ?? []) {
    for (const source of projected?.sources ?? []) delete source.clusterTrustBundle
  }
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec
  for (const container of [...containers, ...initContainers, ...ephemeralContainers])
    dropStopSignal(container)
}

function dropStopSignal(container: Container | EphemeralContainer): void {
  const { lifecycle } = container
  if (!lifecycle?.stopSignal) return
  delete lifecycle.stopSignal
  if (Object.keys(lifecycle).length === 0) delete container.lifecycle
}

/** Of what a kubelet reports. */
export function dropPodStatusFields(status: PodStatus): void {
  delete status.resources
  delete status.allocatedResources
  delete status.extendedResourceClaimStatus
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status
  const all: ContainerStatus[] = [
    ...containerStatuses,
    ...initContainerStatuses,
    ...ephemeralContainerStatuses,
  ]
  for (const container of all) delete container.allocatedResourcesStatus
}
