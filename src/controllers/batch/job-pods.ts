import { sidecarsOf } from '../../api/core/pod/lifecycle.ts'
import type { Job, JobStatus } from '../../api/types/batch-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { type Action, patch } from '../../controller/actions.ts'
import { pods } from '../kinds.ts'
import { podCondition } from '../shared/pod.ts'

/** Keeps a pod in sight until the job has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index'
const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count'
const ignoredCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count'

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) ?? false
}

export function untrack(pod: Pod): Action {
  const body = { metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } }
  return patch(pods, pod, { type: strategicPatch, body })
}

export function isIndexed({ spec }: Job): boolean {
  return spec?.completionMode === 'Indexed'
}

export function isSuspended({ spec }: Job): boolean {
  return spec?.suspend === true
}

export function isJobFinished({ status }: { readonly status?: JobStatus }): boolean {
  return (
    status?.conditions?.some(
      ({ type, status: truth }) => (type === 'Complete' || type === 'Failed') && truth === 'True',
    ) ?? false
  )
}

/** Somebody else looks after the job (KEP-4368). */
export function isManagedElsewhere({ spec }: Job): boolean {
  return spec?.managedBy !== undefined && spec.managedBy !== 'kubernetes.io/job-controller'
}

/** Pods on their way out are replaced only when they have ended (KEP-3939). */
export function replacesOnlyFailed({ spec }: Job): boolean {
  return spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined
}

export function isPodFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true
  if (replacesOnlyFailed(job)) return false
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded'
}

/** The index of a pod of an indexed job that the job has; undefined when it has none such. */
export function indexOf(pod: Pod, job: Job): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation]
  if (text === undefined || !/^\d+$/.test(text)) return undefined
  return Number(text) < (job.spec?.completions ?? 0) ? Number(text) : undefined
}

/** How often its index had failed before this pod: as counted against the limit, and without counting. */
export function indexFailures({ metadata }: Pod): { readonly counted: number; readonly ignored: number } {
  return {
    counted: countIn(metadata.annotations?.[failureCountAnnotation]),
    ignored: countIn(metadata.annotations?.[ignoredCountAnnotation]),
  }
}

export function failureAnnotations(counted: number, ignored: number): Record<string, string> {
  const all = { [failureCountAnnotation]: String(counted) }
  return ignored > 0 ? { ...all, [ignoredCountAnnotation]: String(ignored) } : all
}

function countIn(text: string | undefined): number {
  const count = Number(text ?? 0)
  return Number.isInteger(count) && count >= 0 && count < 2 ** 31 ? count : 0
}

/** When a pod ended, as well as can be told (backoff_utils.go getFinishedTime). */
export function finishedMs(pod: Pod): number {
  return containersFinishedMs(pod) ?? notReadyMs(pod) ?? deletedMs(pod) ?? createdMs(pod)
}

function containersFinishedMs({ spec, status }: Pod): number | undefined {
  const sidecars = new Set(sidecarsOf(spec).map(({ name }) => name))
  const counted = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ]
  const times = counted.map(({ state }) => fromTimestamp(state?.terminated?.finishedAt))
  if (times.length === 0 || times.includes(undefined)) return undefined
  return Math.max(...(times as number[]))
}

function notReadyMs(pod: Pod): number | undefined {
  const ready = podCondition(pod, 'Ready')
  return ready?.status === 'False' ? fromTimestamp(ready.lastTransitionTime) : undefined
}

function deletedMs({ metadata }: Pod): number | undefined {
  const deadlineMs = fromTimestamp(metadata.deletionTimestamp)
  return deadlineMs === undefined ? undefined : deadlineMs - (metadata.deletionGracePeriodSeconds ?? 0) * 1000
}

function createdMs({ metadata }: Pod): number {
  return fromTimestamp(metadata.creationTimestamp) ?? 0
}
