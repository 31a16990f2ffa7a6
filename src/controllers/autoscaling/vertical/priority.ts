import { amountsOf, containerPolicy, recommendationFor } from '../../../api/autoscaling/vertical/policy.ts'
import { amountIn } from '../../../api/autoscaling/vertical/proportion.ts'
import type {
  EvictionRequirement,
  Recommendation,
  VerticalPodAutoscaler,
} from '../../../api/autoscaling/vertical/types.ts'
import type { Pod } from '../../../api/types/core-v1.gen.ts'
import { fromTimestamp } from '../../../client/timestamp.ts'
import { compareQuantity, milliValue, parseQuantity } from '../../../machinery/quantity/index.ts'

const observedAnnotation = 'vpaObservedContainers'
/** Pods that differ by less than this share are left alone. */
const leastDiff = 0.1
/** Pods within the bounds are left alone for so long. */
const youngMs = 12 * 3_600_000
/** Out of memory so soon after its start, and so lately. */
const quickOomMs = 600_000

/** How much a pod wants to be changed. */
export interface Priority {
  readonly isOutside: boolean
  readonly growsSomewhere: boolean
  /** Sum over resources of the share of what is asked for that differs from what is recommended. */
  readonly diff: number
}

/** Containers that admission did not see when the pod was made are not looked at. */
function isObserved({ metadata }: Pod): (container: string) => boolean {
  const text = metadata.annotations?.[observedAnnotation]
  if (text === undefined) return () => true
  const names = text === '' ? [] : text.split(', ')
  const isLabel = (name: string) => name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)
  return names.every(isLabel) ? container => names.includes(container) : () => true
}

/** Upstream updater/priority/priority_processor.go. */
export function priorityOf(pod: Pod, recommendation: Recommendation): Priority {
  const observed = isObserved(pod)
  const totals = new Map<string, { asked: number; recommended: number }>()
  let [isOutside, growsSomewhere] = [false, false]
  for (const { name } of pod.spec?.containers ?? []) {
    const found = observed(name) ? recommendationFor(name, recommendation) : undefined
    if (!found) continue
    const { requests = {} } = amountsOf(pod, name)
    for (const [resource, text] of Object.entries(found.target)) {
      const total = totals.get(resource) ?? { asked: 0, recommended: 0 }
      totals.set(resource, total)
      const target = milliValue(parseQuantity(text))
      total.recommended += Number(target)
      const request = requests[resource] === undefined ? undefined : parseQuantity(requests[resource])
      if (request) total.asked += Number(milliValue(request))
      growsSomewhere ||= !request || target > milliValue(request)
      const [lower, upper] = [found.lowerBound?.[resource], found.upperBound?.[resource]]
      isOutside ||=
        !request ||
        (lower !== undefined && compareQuantity(request, parseQuantity(lower)) < 0) ||
        (upper !== undefined && compareQuantity(request, parseQuantity(upper)) > 0)
    }
  }
  const diff = [...totals.values()].reduce((sum, { asked, recommended }) => {
    const total = Math.max(asked, 1)
    return sum + Math.abs(total - recommended) / total
  }, 0)
  return { isOutside, growsSomewhere, diff }
}

/** Whether a pod is to be changed at all (upstream updater/priority/update_priority_calculator.go). */
export function wantsUpdate(
  pod: Pod,
  priority: Priority,
  autoscaler: VerticalPodAutoscaler,
  nowMs: number,
): boolean {
  const isQuickOom = hasQuickOom(pod, autoscaler, nowMs)
  if (!priority.isOutside && !isQuickOom) {
    const startMs = fromTimestamp(pod.status?.startTime)
    if (startMs === undefined || nowMs < startMs + youngMs || priority.diff < leastDiff) return false
  }
  return !isQuickOom || priority.diff !== 0
}

function hasQuickOom(pod: Pod, { spec }: VerticalPodAutoscaler, nowMs: number): boolean {
  const observed = isObserved(pod)
  return (pod.status?.containerStatuses ?? []).some(({ name, lastState }) => {
    if (!observed(name) || containerPolicy(name, spec.resourcePolicy)?.mode === 'Off') return false
    const ended = lastState?.terminated
    if (ended?.reason !== 'OOMKilled') return false
    const endMs = fromTimestamp(ended.finishedAt) ?? 0
    return endMs - (fromTimestamp(ended.startedAt) ?? 0) < quickOomMs && nowMs - endMs < quickOomMs
  })
}

/** Negative when `a` goes first: growing before shrinking, then the larger difference. */
export function comparePriority(a: Priority, b: Priority): number {
  if (a.growsSomewhere !== b.growsSomewhere) return a.growsSomewhere ? -1 : 1
  return b.diff - a.diff
}

/** Whether at least one container changes as all requirements want (upstream scaling_direction_pod_eviction_admission.go). */
export function meetsRequirements(
  pod: Pod,
  recommendation: Recommendation,
  { spec: { updatePolicy } }: VerticalPodAutoscaler,
): boolean {
  if (!updatePolicy) return true
  const { evictionRequirements = [] } = updatePolicy
  return (pod.spec?.containers ?? []).some(({ name }) => {
    const target = recommendationFor(name, recommendation)?.target
    if (!target) return false
    const { requests = {} } = amountsOf(pod, name)
    if (requests.cpu === undefined || requests.memory === undefined) return true
    return evictionRequirements.every(requirement => isMet(requirement, requests, target))
  })
}

function isMet(
  { resources, changeRequirement }: EvictionRequirement,
  requests: Readonly<Record<string, string>>,
  target: Readonly<Record<string, string>>,
): boolean {
  return resources.some(resource => {
    const [asked, wanted] = [milliValue(amountIn(requests, resource)), milliValue(amountIn(target, resource))]
    return changeRequirement === 'TargetHigherThanRequests' ? wanted > asked : wanted < asked
  })
}
