import type { Job, JobCondition } from '../../api/types/batch-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { attempt, event, type Plan, requeueAfter } from '../../controller/actions.ts'
import { defineController } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { labelSelectorFrom } from '../../machinery/selector/index.ts'
import { jobs, pods } from '../kinds.ts'
import { claim } from '../shared/claim.ts'
import { JobBackoff } from './job-backoff.ts'
import { type Managing, managePods, removing, unchanged } from './job-manage.ts'
import { countSync } from './job-metrics.ts'
import { isJobFinished, isManagedElsewhere, isSuspended, trackingFinalizer } from './job-pods.ts'
import { endingOf, type JobSituation, lookAt, newCondition, untilDeadlineMs } from './job-situation.ts'
import { trackPods } from './job-tracking.ts'

/** Runs pods until enough of them have succeeded (upstream pkg/controller/job). */
export function jobController(): Worker {
  const backoff = new JobBackoff()
  return defineController<Job>({
    name: 'job',
    identity: 'job-controller',
    primary: jobs,
    owns: [{ resource: pods, adopts: ({ spec }) => spec?.selector }],
    plan: (job, view, nowMs) => planJob(job, view, nowMs, backoff),
    synced: countSync,
  })
}

export function planJob(job: Job, view: View, nowMs: number, backoff = new JobBackoff()): Plan {
  if (isManagedElsewhere(job)) return []
  if (isJobFinished(job)) {
    backoff.forget(job.metadata.uid!)
    return []
  }
  const selector = labelSelectorFrom(job.spec?.selector)
  const claimed = claim(
    { owner: job, ownerResource: jobs, resource: pods, selector, finalizer: trackingFinalizer },
    view,
  )
  if (claimed.plan.length > 0) return claimed.plan
  const situation = lookAt(job, claimed.objects, backoff, nowMs)
  const ending = endingOf(situation)
  return ending ? planEnd(situation, ending) : planRun(situation)
}

/** Pods that still run are stopped; the rest is counting. */
function planEnd(situation: JobSituation, ending: JobCondition): Plan {
  const { job, active, startTime } = situation
  const stopping = removing(situation, active, true)
  const conditions = job.status?.conditions ?? []
  return acting(stopping, errors => {
    const left = errors.length > 0 ? unchanged(situation) : stopping
    return trackPods(situation, {
      ...{ ...left, startTime, conditions },
      ending: errors.length > 0 ? undefined : ending,
    })
  })
}

function planRun(situation: JobSituation): Plan {
  const { job } = situation
  const isLeaving = job.metadata.deletionTimestamp !== undefined
  const managing = isLeaving ? unchanged(situation) : managePods(situation)
  const deadlineMs = untilDeadlineMs(situation)
  return [
    ...acting(managing, errors => settle(situation, errors.length > 0 ? undefined : managing)),
    ...(managing.later ? [managing.later] : []),
    ...(deadlineMs === undefined ? [] : [requeueAfter(deadlineMs)]),
  ]
}

function acting({ acts }: Managing, settled: (errors: readonly unknown[]) => Plan): Plan {
  return acts.length > 0 ? [attempt(acts, settled)] : settled([])
}

function settle(situation: JobSituation, managing: Managing = unchanged(situation)): Plan {
  const { job, nowMs, startTime } = situation
  const conditions = job.status?.conditions ?? []
  if (isComplete(situation, managing.active)) {
    const message = 'Reached expected number of succeeded pods'
    const ending = newCondition('SuccessCriteriaMet', 'CompletionsReached', message, nowMs)
    return trackPods(situation, { ...managing, ending, conditions, startTime })
  }
  const pausing = job.metadata.deletionTimestamp ? undefined : pauseCondition(job, nowMs)
  if (!pausing) return trackPods(situation, { ...managing, ending: undefined, conditions, startTime })
  const suspends = pausing.status === 'True'
  const known = findCondition(conditions, 'Suspended')
  const changed = known
    ? conditions.map(condition => (condition === known ? pausing : condition))
    : [...conditions, pausing]
  return [
    ...trackPods(situation, {
      ...{ ...managing, ending: undefined, conditions: changed },
      startTime: suspends ? startTime : toTimestamp(nowMs),
    }),
    event(jobs, job, {
      type: 'Normal',
      reason: suspends ? 'Suspended' : 'Resumed',
      message: pausing.message!,
    }),
  ]
}

function isComplete({ job, succeeded }: JobSituation, active: number): boolean {
  const { completions } = job.spec!
  return active === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions)
}

/** The Suspended condition when it must change. */
function pauseCondition(job: Job, nowMs: number): JobCondition | undefined {
  const current = findCondition(job.status?.conditions, 'Suspended')?.status === 'True'
  if (isSuspended(job) === current) return undefined
  return current
    ? newCondition('Suspended', 'JobResumed', 'Job resumed', nowMs, 'False')
    : newCondition('Suspended', 'JobSuspended', 'Job suspended', nowMs)
}
