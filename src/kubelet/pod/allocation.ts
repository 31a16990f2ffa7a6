import { sidecarsOf } from '../../api/core/pod/lifecycle.ts'
import type { Container, Pod, ResourceRequirements } from '../../api/types/core-v1.gen.ts'
import { compareQuantity, parseQuantity } from '../../machinery/quantity/index.ts'

/** By container name: what the node has granted. Differs from the spec while a resize is pending (KEP-1287). */
export type Allocation = ReadonlyMap<string, ResourceRequirements>

const resizable = ['cpu', 'memory'] as const

/** What a pod has been granted already: what its status shows of it, or all that a new pod asks for. */
export function allocationOf(pod: Pod): Allocation {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  const shown = new Map(statuses.map(status => [status.name, status.resources]))
  return new Map(
    resizableContainers(pod).map(({ name, resources }) => [name, shown.get(name) ?? resources ?? {}]),
  )
}

/** The pod with what it was granted instead of what it asks for; the same object when these are equal. */
export function withAllocation(pod: Pod, allocation: Allocation): Pod {
  if (!isResizePending(pod, allocation)) return pod
  const grant = (container: Container): Container => {
    const granted = allocation.get(container.name)
    return granted ? { ...container, resources: granted } : container
  }
  const { initContainers, containers = [] } = pod.spec ?? {}
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(grant),
      ...(initContainers ? { initContainers: initContainers.map(grant) } : {}),
    },
  }
}

/** Whether a pod asks for other CPU or memory than it was granted. */
export function isResizePending(pod: Pod, allocation: Allocation): boolean {
  return resizableContainers(pod).some(({ name, resources }) => {
    const granted = allocation.get(name)
    return granted !== undefined && changedResources(granted, resources ?? {}).length > 0
  })
}

/** The resources, of CPU and memory, of which two sets of requirements say different amounts. */
export function changedResources(from: ResourceRequirements, to: ResourceRequirements): ('cpu' | 'memory')[] {
  return resizable.filter(
    name =>
      !sameAmount(from.requests?.[name], to.requests?.[name]) ||
      !sameAmount(from.limits?.[name], to.limits?.[name]),
  )
}

function sameAmount(one: string | undefined, other: string | undefined): boolean {
  if (one === other) return true
  return compareQuantity(parseQuantity(one ?? '0'), parseQuantity(other ?? '0')) === 0
}

/** Containers that run on: those of the application and sidecars. */
export function resizableContainers({ spec }: Pod): readonly Container[] {
  const sidecars = sidecarsOf(spec)
  return sidecars.length > 0 ? [...(spec?.containers ?? []), ...sidecars] : (spec?.containers ?? [])
}
