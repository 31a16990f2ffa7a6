/** Fields whose features are off in 1.35: a client may write them, and they are gone (pkg/api/pod DropDisabledPodFields). */
import type { SwitchedGate } from '../../features/gates.ts'
import { inForce } from '../../features/in-force.ts'
import type {
  Container,
  ContainerStatus,
  EphemeralContainer,
  PodSpec,
  PodStatus,
} from '../../types/core-v1.gen.ts'

/** Of a new or changed pod; what the old one has already may stay. */
export function dropPodFields(spec: PodSpec | undefined, old?: PodSpec): void {
  if (!spec) return
  delete spec.workloadRef
  dropSources(spec, old, 'clusterTrustBundle', 'ClusterTrustBundleProjection')
  dropSources(spec, old, 'podCertificate', 'PodCertificateRequest')
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec
  for (const container of [...containers, ...initContainers, ...ephemeralContainers])
    dropStopSignal(container)
}

type GatedSource = 'clusterTrustBundle' | 'podCertificate'

const sourcesOf = ({ volumes = [] }: PodSpec) => volumes.flatMap(({ projected }) => projected?.sources ?? [])

function dropSources(spec: PodSpec, old: PodSpec | undefined, kind: GatedSource, gate: SwitchedGate): void {
  const sources = sourcesOf(spec).filter(source => source[kind] !== undefined)
  if (sources.length === 0 || inForce(gate) || (old && sourcesOf(old).some(source => source[kind]))) return
  for (const source of sources) delete source[kind]
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
