import type { LimitRange, Pod } from '../../types/core-v1.gen.ts'
import { recommendationForPod } from './capping.ts'
import { limitBounds } from './limit-bounds.ts'
import { amountsOf, type ContainerAmounts, controlsLimits, recommendationFor } from './policy.ts'
import { proportionalLimits } from './proportion.ts'
import type { VerticalPodAutoscaler } from './types.ts'

/** What a container of a pod should ask for and be limited to, and what there is to say about it. */
export interface RecommendedAmounts extends ContainerAmounts {
  readonly notes: readonly string[]
}

/**
 * For each container of a pod, in order, what an autoscaler says that it should have now; empty where it says nothing
 * (upstream admission-controller/resource/pod/recommendation).
 */
export function recommendedAmounts(
  autoscaler: VerticalPodAutoscaler,
  pod: Pod,
  ranges: readonly LimitRange[],
): readonly RecommendedAmounts[] {
  const found = recommendationForPod(autoscaler, pod, ranges)
  const defaults = limitBounds(ranges, 'Container')?.default
  const { resourcePolicy } = autoscaler.spec
  return (pod.spec?.containers ?? []).map(({ name }) => {
    const requests = recommendationFor(name, found?.recommendation)?.target
    if (!requests) return { notes: [] }
    const notes = found?.notes.get(name) ?? []
    const limits = controlsLimits(name, resourcePolicy)
      ? proportionalLimits(amountsOf(pod, name), requests, defaults)
      : undefined
    if (!limits) return { requests, notes }
    return { requests, limits: limits.limits, notes: [...notes, ...limits.notes] }
  })
}
