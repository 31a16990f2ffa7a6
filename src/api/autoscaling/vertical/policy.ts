import type { ContainerStatus, Pod } from '../../types/core-v1.gen.ts'
import type {
  ContainerPolicy,
  ContainerRecommendation,
  Recommendation,
  ResourceAmounts,
  ResourcePolicy,
  UpdateMode,
  VerticalPodAutoscaler,
} from './types.ts'

/** What becomes of pods of an autoscaler that says nothing about it: they are evicted. */
export function updateModeOf({ spec }: VerticalPodAutoscaler): UpdateMode {
  return spec.updatePolicy?.updateMode || 'Recreate'
}

/** A container's own policy, or that of all others. */
export function containerPolicy(
  name: string,
  policy: ResourcePolicy | undefined,
): ContainerPolicy | undefined {
  const policies = policy?.containerPolicies ?? []
  return (
    policies.find(({ containerName }) => containerName === name) ??
    policies.findLast(({ containerName }) => containerName === '*')
  )
}

export function controlsLimits(name: string, policy: ResourcePolicy | undefined): boolean {
  return (containerPolicy(name, policy)?.controlledValues ?? 'RequestsAndLimits') === 'RequestsAndLimits'
}

export function recommendationFor(
  name: string,
  recommendation: Recommendation | undefined,
): ContainerRecommendation | undefined {
  return recommendation?.containerRecommendations?.find(({ containerName }) => containerName === name)
}

export interface ContainerAmounts {
  readonly requests?: ResourceAmounts
  readonly limits?: ResourceAmounts
}

/** What a container has got where its status tells, else what its spec asks for (upstream utils/resources). */
export function amountsOf(pod: Pod, name: string): ContainerAmounts {
  const status: ContainerStatus | undefined = pod.status?.containerStatuses?.find(each => each.name === name)
  if (status?.resources) return status.resources
  return pod.spec?.containers.find(each => each.name === name)?.resources ?? {}
}

/** Of two that want the same pod the older one has it; of those of one second the first by name. */
export function isStronger(a: VerticalPodAutoscaler, b: VerticalPodAutoscaler | undefined): boolean {
  if (!b) return true
  const [one, other] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  return one === other ? (a.metadata.name ?? '') < (b.metadata.name ?? '') : one < other
}
