import type { Job, JobCondition, JobStatus } from '../../api/types/batch-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { event, type Plan, together, updateStatus } from '../../controller/actions.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { jobs } from '../kinds.ts'
import { withoutCondition } from '../shared/conditions.ts'
import { orAbsent } from '../shared/count.ts'
import { jsonEqual } from '../shared/equal.ts'
import { formatIndexes } from './job-indexes.ts'
import type { Managing } from './job-manage.ts'
import { countEnd, countFinished, countPolicyActions } from './job-metrics.ts'
import { indexOf, isIndexed, isPodFailed, isTracked, untrack } from './job-pods.ts'
import { judgeFailure } from './job-policies.ts'
import { type JobSituation, newCondition } from './job-situation.ts'

/** job_controller.go MaxUncountedPods. */
const uncountedMax = 500

/** How the pods were managed, and what the job ends with, if it does. */
export interface Outcome extends Pick<Managing, 'active' | 'ready' | 'terminating'> {
  readonly ending: JobCondition | undefined
  readonly conditions: readonly JobCondition[]
  readonly startTime: string | undefined
}

/** Pods that have ended: which are to be counted, and which need not be kept in sight any more. */
interface Tally {
  readonly succeeded: string[]
  readonly failed: string[]
  readonly newIndexes: Set<number>
  readonly released: Pod[]
  readonly isFull: boolean
  /** What the failure policy says to pods that are counted now. */
  readonly policyActions: readonly string[]
}

/**
 * Writes what became of pods in the status, then lets these pods go, then counts them: so none is lost and none
 * counted twice (KEP-2307). A plan does the first two; the next one, which sees them gone, the last. The job is
 * finished when nothing is left to count and no pod is on its way out.
 */
export function trackPods(situation: JobSituation, outcome: Outcome): Plan {
  const { job } = situation
  const tally = tallyPods(situation, outcome)
  const status = statusWith(situation, outcome, tally)
  if (tally.released.length > 0 || !jsonEqual(status, job.status)) {
    const releases = tally.released.map(untrack)
    return [
      ...(jsonEqual(status, job.status)
        ? []
        : [updateStatus(jobs, { ...job, status }), countFinished(job, status)]),
      ...(releases.length > 0 ? [together(releases)] : []),
      ...countPolicyActions(tally.policyActions),
    ]
  }
  const uncounted = status.uncountedTerminatedPods
  const left = (uncounted?.succeeded?.length ?? 0) + (uncounted?.failed?.length ?? 0)
  const isOver = outcome.ending && left === 0 && outcome.terminating === 0 && !tally.isFull
  return isOver ? finish(job, status, outcome.ending!, situation.nowMs) : []
}

function tallyPods({ job, pods, indexes }: JobSituation, { ending }: Outcome): Tally {
  const inSight = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid!))
  const still = (uids: readonly string[] = []) => uids.filter(uid => inSight.has(uid))
  const succeeded = still(job.status?.uncountedTerminatedPods?.succeeded)
  const failed = still(job.status?.uncountedTerminatedPods?.failed)
  const newIndexes = new Set<number>()
  const released: Pod[] = []
  const policyActions: string[] = []
  const fails = ending && ending.type !== 'SuccessCriteriaMet'
  const size = () => newIndexes.size + succeeded.length + failed.length
  for (const pod of byIndex(job, pods)) {
    if (size() >= uncountedMax) break
    if (!isTracked(pod) || !mayGo({ job, pod, indexes, ending })) continue
    released.push(pod)
    const uid = pod.metadata.uid!
    const index = indexOf(pod, job)
    if (pod.status?.phase === 'Succeeded' && !failed.includes(uid)) {
      if (!isIndexed(job) && !succeeded.includes(uid)) succeeded.push(uid)
      else if (index !== undefined && !indexes!.counted.has(index)) newIndexes.add(index)
    } else if ((isPodFailed(pod, job) || fails) && !failed.includes(uid)) {
      if (isIndexed(job) && index === undefined) continue
      const { counts, action } = judgeFailure(job, pod)
      if (action) policyActions.push(action)
      if (counts) failed.push(uid)
    }
  }
  return { succeeded, failed, newIndexes, released, policyActions, isFull: size() >= uncountedMax }
}

function byIndex(job: Job, pods: readonly Pod[]): readonly Pod[] {
  if (!isIndexed(job)) return pods
  return pods.toSorted((a, b) => (indexOf(a, job) ?? -1) - (indexOf(b, job) ?? -1))
}

interface Candidate extends Pick<JobSituation, 'job' | 'indexes'> {
  readonly pod: Pod
  readonly ending: JobCondition | undefined
}

function mayGo({ job, pod, indexes, ending }: Candidate): boolean {
  if (job.metadata.deletionTimestamp || ending || pod.status?.phase === 'Succeeded') return true
  if (!isPodFailed(pod, job)) return false
  const index = indexOf(pod, job)
  return index === undefined || indexes?.held.get(index) !== pod
}

function statusWith({ job, indexes }: JobSituation, outcome: Outcome, tally: Tally): JobStatus {
  const { status } = job
  const { ending, active, ready, terminating, startTime } = outcome
  const uncounted = status?.uncountedTerminatedPods
  const gone = (uids: readonly string[] = [], left: readonly string[]) =>
    uids.filter(uid => !left.includes(uid)).length
  const succeeded = indexes
    ? indexes.counted.union(tally.newIndexes).size
    : (status?.succeeded ?? 0) + gone(uncounted?.succeeded, tally.succeeded)
  return {
    ...status,
    conditions: withEnding(outcome.conditions, ending),
    startTime,
    active: orAbsent(active),
    succeeded: orAbsent(succeeded),
    failed: orAbsent((status?.failed ?? 0) + gone(uncounted?.failed, tally.failed)),
    terminating,
    ready,
    ...(indexes && {
      completedIndexes: formatIndexes(indexes.counted.union(tally.newIndexes)) || undefined,
      failedIndexes: indexes.failed && formatIndexes(indexes.failed),
    }),
    uncountedTerminatedPods: {
      ...(tally.succeeded.length > 0 && { succeeded: tally.succeeded }),
      ...(tally.failed.length > 0 && { failed: tally.failed }),
    },
  }
}

/** That the job is about to end is said before it has ended. */
function withEnding(
  conditions: readonly JobCondition[],
  ending: JobCondition | undefined,
): JobCondition[] | undefined {
  const known = !ending || findCondition(conditions, ending.type)?.status === 'True'
  const all = known ? conditions : [...withoutCondition(conditions, ending.type), ending]
  return all.length > 0 ? [...all] : undefined
}

function finish(
  job: Job,
  status: JobStatus,
  { type, reason = '', message = '' }: JobCondition,
  nowMs: number,
): Plan {
  const success = type === 'SuccessCriteriaMet'
  const condition = newCondition(success ? 'Complete' : 'Failed', reason, message, nowMs)
  const conditions = [...withoutCondition(status.conditions, condition.type), condition]
  const finished: JobStatus = {
    ...status,
    conditions,
    ...(success && { completionTime: condition.lastTransitionTime }),
  }
  const say = (kind: 'Normal' | 'Warning', why: string, text: string) =>
    event(jobs, job, { type: kind, reason: why, message: text })
  const many = (status.succeeded ?? 0) > (job.spec?.completions ?? Number.POSITIVE_INFINITY)
  const tooMany = 'Too many succeeded pods running after completion count reached'
  return [
    updateStatus(jobs, { ...job, status: finished }),
    countEnd(job, success ? 'succeeded' : 'failed', reason),
    ...(success && many ? [say('Warning', 'TooManySucceededPods', tooMany)] : []),
    success ? say('Normal', 'Completed', 'Job completed') : say('Warning', reason, message),
  ]
}
