import type { Job, JobCondition } from '../../api/types/batch-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { isActive, isReady, isTerminating } from '../shared/pod.ts'
import type { JobBackoff } from './job-backoff.ts'
import { parseIndexes } from './job-indexes.ts'
import {
  finishedMs,
  indexFailures,
  indexOf,
  isIndexed,
  isPodFailed,
  isSuspended,
  isTracked,
} from './job-pods.ts'
import { judgeFailure, judgeSuccess } from './job-policies.ts'

/** Everything that one plan is made of. */
export interface JobSituation {
  readonly job: Job
  readonly pods: readonly Pod[]
  readonly nowMs: number
  readonly active: readonly Pod[]
  readonly ready: number
  readonly terminating: number
  /** With those that have just ended. */
  readonly succeeded: number
  readonly failed: number
  readonly indexes: Indexes | undefined
  readonly startTime: string | undefined
  /** Ms before a pod may replace a failed one. */
  readonly backoffMs: number
}

/** Of an indexed job. */
export interface Indexes {
  readonly completions: number
  /** As the status has them, and with those that have just succeeded. */
  readonly counted: ReadonlySet<number>
  readonly succeeded: ReadonlySet<number>
  /** Undefined without a limit per index. */
  readonly failed: ReadonlySet<number> | undefined
  /** Failed pods, by index, that stay in sight until their replacement has taken over their count. */
  readonly held: ReadonlyMap<number, Pod>
}

/** Looks at a job and its pods (job_controller.go syncJob, first half). */
export function lookAt(job: Job, pods: readonly Pod[], backoff: JobBackoff, nowMs: number): JobSituation {
  const { status, metadata } = job
  const uncounted = status?.uncountedTerminatedPods
  const counts = (pod: Pod) => isTracked(pod) && (!isIndexed(job) || indexOf(pod, job) !== undefined)
  const succeededPods = pods.filter(pod => counts(pod) && pod.status?.phase === 'Succeeded')
  const failedPods = pods.filter(pod => counts(pod) && isPodFailed(pod, job))
  const newSucceeded = without(succeededPods, uncounted?.succeeded)
  const newFailed = without(failedPods, uncounted?.failed)
  backoff.note(metadata.uid!, newSucceeded, newFailed)
  const active = pods.filter(isActive)
  const indexes = isIndexed(job) ? indexesOf(job, pods, active) : undefined
  const now = isSuspended(job) ? undefined : toTimestamp(nowMs)
  return {
    ...{ job, pods, nowMs, active, indexes },
    ready: active.filter(isReady).length,
    terminating: pods.filter(isTerminating).length,
    succeeded:
      indexes?.succeeded.size ??
      (status?.succeeded ?? 0) + newSucceeded.length + (uncounted?.succeeded?.length ?? 0),
    failed:
      (status?.failed ?? 0) +
      newFailed.filter(pod => judgeFailure(job, pod).counts).length +
      (uncounted?.failed?.length ?? 0),
    startTime: status?.startTime ?? now,
    backoffMs: backoff.waitMs(metadata.uid!, nowMs),
  }
}

function without(pods: readonly Pod[], uids: readonly string[] = []): readonly Pod[] {
  return pods.filter(({ metadata }) => !uids.includes(metadata.uid!))
}

function indexesOf(job: Job, pods: readonly Pod[], active: readonly Pod[]): Indexes {
  const completions = job.spec?.completions ?? 0
  const counted = parseIndexes(job.status?.completedIndexes, completions)
  const isSucceeded = (pod: Pod) => isTracked(pod) && pod.status?.phase === 'Succeeded'
  const succeeded = counted.union(indexSet(pods.filter(isSucceeded), job))
  if (job.spec?.backoffLimitPerIndex === undefined)
    return { completions, counted, succeeded, failed: undefined, held: new Map() }
  const before = parseIndexes(job.status?.failedIndexes, completions)
  const failed = before.union(
    indexSet(
      pods.filter(pod => isTracked(pod) && isIndexFailed(job, pod)),
      job,
    ),
  )
  const settled = succeeded.union(failed).union(indexSet(active, job))
  return { completions, counted, succeeded, failed, held: heldPods(job, pods, settled) }
}

export function indexSet(pods: readonly Pod[], job: Job): Set<number> {
  return new Set(pods.flatMap(pod => indexOf(pod, job) ?? []))
}

function isIndexFailed(job: Job, pod: Pod): boolean {
  if (!isPodFailed(pod, job)) return false
  const { action, counts } = judgeFailure(job, pod)
  if (action === 'FailIndex') return true
  return counts && indexFailures(pod).counted >= job.spec!.backoffLimitPerIndex!
}

function heldPods(job: Job, pods: readonly Pod[], settled: ReadonlySet<number>): Map<number, Pod> {
  const held = new Map<number, Pod>()
  const total = (pod: Pod) => indexFailures(pod).counted + indexFailures(pod).ignored
  for (const pod of pods.filter(pod => isTracked(pod) && isPodFailed(pod, job))) {
    const index = indexOf(pod, job)
    if (index === undefined || settled.has(index)) continue
    const other = held.get(index)
    const isLater = !other || (total(other) <= total(pod) && finishedMs(pod) >= finishedMs(other))
    if (isLater) held.set(index, pod)
  }
  return held
}

export function newCondition(
  type: string,
  reason: string,
  message: string,
  nowMs: number,
  status = 'True',
): JobCondition {
  const now = toTimestamp(nowMs)
  return { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message }
}

/** Why the job is about to end, if it is: success criteria that are met, or a failure. */
export function endingOf(situation: JobSituation): JobCondition | undefined {
  return decided(situation.job) ?? failureOf(situation) ?? policySuccess(situation)
}

/** Decided at an earlier time, and written down. */
function decided({ status }: Job): JobCondition | undefined {
  const holds = (type: string) => {
    const condition = findCondition(status?.conditions, type)
    return condition?.status === 'True' ? condition : undefined
  }
  return holds('SuccessCriteriaMet') ?? holds('FailureTarget')
}

function failureOf(situation: JobSituation): JobCondition | undefined {
  const { job, pods, failed, nowMs } = situation
  const fails = (reason: string, message: string) => newCondition('FailureTarget', reason, message, nowMs)
  const fatal = pods
    .filter(pod => isPodFailed(pod, job))
    .map(pod => judgeFailure(job, pod).message)
    .find(message => message !== undefined)
  if (fatal !== undefined) return fails('PodFailurePolicy', fatal)
  if (failed > job.spec!.backoffLimit! || restartsExceed(job, pods))
    return fails('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  if (untilDeadlineMs(situation) === 0)
    return fails('DeadlineExceeded', 'Job was active longer than specified deadline')
  return indexFailure(situation)
}

function indexFailure({ job, indexes, nowMs }: JobSituation): JobCondition | undefined {
  if (!indexes?.failed) return undefined
  const { failed, succeeded, completions } = indexes
  const fails = (reason: string, message: string) => newCondition('FailureTarget', reason, message, nowMs)
  if (failed.size > (job.spec?.maxFailedIndexes ?? Number.POSITIVE_INFINITY))
    return fails(
      'MaxFailedIndexesExceeded',
      'Job has exceeded the specified maximal number of failed indexes',
    )
  return failed.size > 0 && failed.size + succeeded.size >= completions
    ? fails('FailedIndexes', 'Job has failed indexes')
    : undefined
}

function policySuccess({ job, indexes, nowMs }: JobSituation): JobCondition | undefined {
  const message = indexes && judgeSuccess(job, indexes.succeeded)
  return message === undefined
    ? undefined
    : newCondition('SuccessCriteriaMet', 'SuccessPolicy', message, nowMs)
}

/** Containers that are restarted in place count as failures of their pod. */
function restartsExceed({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec!.template.spec?.restartPolicy !== 'OnFailure') return false
  const alive = pods.filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
  const restarts = alive
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0)
  return spec!.backoffLimit === 0 ? restarts > 0 : restarts >= spec!.backoffLimit!
}

/** Ms until the job has been active for too long; undefined when it may be for ever. */
export function untilDeadlineMs({ job, startTime, nowMs }: JobSituation): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds
  const startMs = fromTimestamp(startTime)
  if (seconds === undefined || startMs === undefined || isSuspended(job)) return undefined
  return Math.max(0, startMs + Number(seconds) * 1000 - nowMs)
}
