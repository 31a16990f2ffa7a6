import { isFinished, sidecarsOf } from '../../api/core/pod/lifecycle.ts'
import type { ContainerStatus, Pod, PodCondition } from '../../api/types/core-v1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'

/** Neither finished nor on its way out (controller_utils.go IsPodActive). */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !pod.metadata.deletionTimestamp
}

/** Asked to go, still running (controller_utils.go IsPodTerminating). */
export function isTerminating(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp !== undefined
}

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return findCondition(pod.status?.conditions, type)
}

export function isReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True'
}

/** When a ready pod became ready, ms; undefined when it is not ready or nobody wrote it down. */
export function readySinceMs(pod: Pod): number | undefined {
  const ready = podCondition(pod, 'Ready')
  return ready?.status === 'True' ? fromTimestamp(ready.lastTransitionTime) : undefined
}

/** Ms until a ready pod has been ready for `minReadySeconds`; 0 when it is available; undefined when not ready. */
export function untilAvailableMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  if (!isReady(pod)) return undefined
  if (minReadySeconds === 0) return 0
  const sinceMs = readySinceMs(pod)
  return sinceMs === undefined ? undefined : Math.max(0, sinceMs + minReadySeconds * 1000 - nowMs)
}

/** Ready for at least `minReadySeconds` (pkg/api/v1/pod IsPodAvailable). */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return untilAvailableMs(pod, minReadySeconds, nowMs) === 0
}

/** The most restarts of any of its containers, and of those that run beside them. */
export function restartsMax({ spec, status }: Pod): { readonly own: number; readonly beside: number } {
  const sidecars = new Set(sidecarsOf(spec).map(({ name }) => name))
  const most = (statuses: readonly ContainerStatus[] = []) =>
    Math.max(0, ...statuses.map(({ restartCount }) => restartCount))
  return {
    own: most(status?.containerStatuses),
    beside: most(status?.initContainerStatuses?.filter(({ name }) => sidecars.has(name))),
  }
}
