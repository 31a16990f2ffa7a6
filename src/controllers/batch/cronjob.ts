import type { CronJob, CronJobStatus, Job } from '../../api/types/batch-v1.gen.ts'
import { referenceTo } from '../../client/events.ts'
import { isNamespaceTerminating } from '../../client/failure.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import {
  type Action,
  attempt,
  create,
  event,
  measure,
  type Plan,
  remove,
  requeueAfter,
  updateStatus,
} from '../../controller/actions.ts'
import { defineController } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { isConditionTrue } from '../../machinery/meta/conditions.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { messageOf } from '../../std/message.ts'
import { exponentialBuckets, type HistogramSpec } from '../../std/metrics.ts'
import { cronJobs, jobs } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { controllerReference } from '../shared/owner.ts'
import {
  type Due,
  InvalidScheduleError,
  inTimeZone,
  lastDue,
  parseSchedule,
  type Schedule,
} from './cron-schedule.ts'
import { isJobFinished } from './job-pods.ts'

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** A little after the minute, so that it has surely come (cronjob_controllerv2.go nextScheduleDelta). */
const deltaMs = 100

/** Makes jobs at the times of a schedule (upstream pkg/controller/cronjob). */
export function cronJobController(): Worker {
  // A changed schedule holds from its next time on, not for times gone by.
  const schedules = new Map<string, string>()
  return defineController<CronJob>({
    name: 'cronjob',
    identity: 'cronjob-controller',
    primary: cronJobs,
    owns: [{ resource: jobs }],
    plan(cronJob, view, nowMs) {
      const uid = cronJob.metadata.uid!
      const { schedule, timeZone = '' } = cronJob.spec!
      const known = schedules.get(uid)
      schedules.set(uid, `${timeZone} ${schedule}`)
      const changed = known !== undefined && known !== schedules.get(uid)
      return planCronJob(cronJob, view, nowMs, changed)
    },
  })
}

/** What a plan makes of the status before it is written. */
interface Draft {
  readonly cronJob: CronJob
  active: NonNullable<CronJobStatus['active']>
  lastSuccessfulTime: string | undefined
  readonly notes: Action[]
}

export function planCronJob(cronJob: CronJob, view: View, nowMs: number, changed = false): Plan {
  const owned = view.owned(jobs)
  const { active = [], lastSuccessfulTime } = cronJob.status ?? {}
  const draft: Draft = { cronJob, active, lastSuccessfulTime, notes: [] }
  const removals = cleanUp(draft, owned)
  for (const job of owned) observe(draft, job)
  forgetMissing(draft, view)
  const schedule = usableSchedule(draft)
  if (!schedule) return [...removals, ...draft.notes, ...statusIfChanged(draft)]
  const rest = changed
    ? [...statusIfChanged(draft), next(cronJob, schedule, nowMs)]
    : start(draft, { view, schedule, nowMs })
  return [...removals, ...draft.notes, ...rest]
}

function say(cronJob: CronJob, type: 'Normal' | 'Warning', reason: string, message: string): Action {
  return event(cronJobs, cronJob, { type, reason, message })
}

function statusIfChanged({ cronJob, active, lastSuccessfulTime }: Draft, lastScheduleTime?: string): Plan {
  const status: CronJobStatus = {
    ...cronJob.status,
    active: active.length > 0 ? active : undefined,
    lastScheduleTime: lastScheduleTime ?? cronJob.status?.lastScheduleTime,
    lastSuccessfulTime,
  }
  return jsonEqual(status, cronJob.status ?? {}) ? [] : [updateStatus(cronJobs, { ...cronJob, status })]
}

/** The oldest finished jobs beyond the limits go. */
function cleanUp(draft: Draft, owned: readonly Job[]): Plan {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = draft.cronJob.spec!
  const ended = (type: string) => owned.filter(({ status }) => isConditionTrue(status?.conditions, type))
  const surplus = (all: readonly Job[], limit = all.length) =>
    all.toSorted(byStartTime).slice(0, Math.max(0, all.length - limit))
  return [
    ...surplus(ended('Complete'), successfulJobsHistoryLimit),
    ...surplus(ended('Failed'), failedJobsHistoryLimit),
  ].map(job => deleteJob(draft, job))
}

function byStartTime(a: Job, b: Job): number {
  const left = `${a.status?.startTime ?? '~'} ${a.metadata.name}`
  return left < `${b.status?.startTime ?? '~'} ${b.metadata.name}` ? -1 : 1
}

function deleteJob(draft: Draft, job: Job): Action {
  const { cronJob } = draft
  draft.active = draft.active.filter(({ uid }) => uid !== job.metadata.uid)
  return remove(
    jobs,
    job,
    { propagationPolicy: 'Background' },
    {
      done: () => [say(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`)],
      failed: error => [say(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`)],
    },
  )
}

function observe(draft: Draft, job: Job): void {
  const { cronJob, notes } = draft
  const { name, uid } = job.metadata
  const isActive = draft.active.some(reference => reference.uid === uid)
  if (!isJobFinished(job)) {
    const message = `Saw a job that the controller did not create or forgot: ${name}`
    if (!isActive) notes.push(say(cronJob, 'Warning', 'UnexpectedJob', message))
    return
  }
  if (isActive) {
    const condition = job.status?.conditions?.findLast(
      ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
    )
    const message = `Saw completed job: ${name}, condition: ${condition?.type}`
    draft.active = draft.active.filter(reference => reference.uid !== uid)
    notes.push(say(cronJob, 'Normal', 'SawCompletedJob', message))
  }
  const completionMs = fromTimestamp(job.status?.completionTime)
  if (completionMs !== undefined && completionMs > (fromTimestamp(draft.lastSuccessfulTime) ?? 0))
    draft.lastSuccessfulTime = job.status!.completionTime
}

function forgetMissing(draft: Draft, view: View): void {
  const store = view.store(jobs)
  for (const { namespace, name, uid } of draft.active) {
    if (store.get(namespace, name!)?.metadata.uid === uid) continue
    draft.active = draft.active.filter(reference => reference.uid !== uid)
    draft.notes.push(say(draft.cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`))
  }
}

/** Undefined when nothing shall be started, for whatever reason. */
function usableSchedule({ cronJob, notes }: Draft): Schedule | undefined {
  const { schedule, timeZone, suspend } = cronJob.spec!
  if (cronJob.metadata.deletionTimestamp) return undefined
  try {
    const parsed = parseSchedule(schedule, timeZone)
    return suspend ? undefined : parsed
  } catch (error) {
    const message = `invalid timeZone: ${JSON.stringify(timeZone)}: ${messageOf(error)}`
    notes.push(say(cronJob, 'Warning', 'UnknownTimeZone', message))
    return undefined
  }
}

function lastScheduledMs({ metadata, status }: CronJob): number {
  return fromTimestamp(status?.lastScheduleTime) ?? fromTimestamp(metadata.creationTimestamp)!
}

/** When to look again: at the next time after the last one that is due. */
function next(cronJob: CronJob, schedule: Schedule, nowMs: number): Action {
  const due = orInvalid(() => lastDue(schedule, lastScheduledMs(cronJob), nowMs))
  const isOpen = 'missed' in due && due.missed === 'none'
  const fromMs = ('dueMs' in due ? due.dueMs : undefined) ?? (isOpen ? due.earliestMs : nowMs)
  return requeueAfter(Math.max(0, (schedule.next(fromMs) ?? nowMs + dayMs) + deltaMs - nowMs))
}

const dayMs = 86_400_000

function orInvalid(find: () => Due): Due | InvalidScheduleError {
  try {
    return find()
  } catch (error) {
    if (error instanceof InvalidScheduleError) return error
    throw error
  }
}

interface Timing {
  readonly view: View
  readonly schedule: Schedule
  readonly nowMs: number
}

function start(draft: Draft, timing: Timing): Plan {
  const { cronJob, notes } = draft
  const { schedule, nowMs } = timing
  const { startingDeadlineSeconds, concurrencyPolicy, schedule: text } = cronJob.spec!
  const deadlineMs = nowMs - (startingDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const due = orInvalid(() => lastDue(schedule, Math.max(lastScheduledMs(cronJob), deadlineMs), nowMs))
  if (due instanceof InvalidScheduleError) {
    notes.push(say(cronJob, 'Warning', 'InvalidSchedule', `invalid schedule: ${text} : ${due.message}`))
    return statusIfChanged(draft)
  }
  const again = next(cronJob, schedule, nowMs)
  const skip = (): Plan => [...statusIfChanged(draft), again]
  const { dueMs, missed } = due
  if (dueMs === undefined) return skip()
  if (missed === 'many') notes.push(say(cronJob, 'Warning', 'TooManyMissedTimes', tooManyMissed))
  if (startingDeadlineSeconds !== undefined && dueMs + startingDeadlineSeconds * 1000 < nowMs) {
    const at = new Date(dueMs).toUTCString().replace('GMT', '+0000')
    notes.push(say(cronJob, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${at}`))
    return skip()
  }
  const name = `${cronJob.metadata.name}-${Math.floor(dueMs / 60_000)}`
  const isStarted = draft.active.some(reference => reference.name === name)
  if (isStarted || cronJob.status?.lastScheduleTime === toTimestamp(dueMs)) return skip()
  if (concurrencyPolicy === 'Forbid' && draft.active.length > 0) {
    notes.push(say(cronJob, 'Normal', 'JobAlreadyActive', alreadyActive))
    return skip()
  }
  return [...launch(draft, timing, { name, dueMs }), again]
}

const tooManyMissed =
  'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
const alreadyActive = 'Not starting job because prior execution is running and concurrency policy is Forbid'

interface Launch {
  readonly name: string
  readonly dueMs: number
}

function launch(draft: Draft, { view }: Timing, { name, dueMs }: Launch): Plan {
  const { cronJob } = draft
  const store = view.store(jobs)
  const existing = store.get(cronJob.metadata.namespace, name)
  const started = (job: Job): Plan => {
    draft.active = [...draft.active, referenceTo(jobs, job)]
    return statusIfChanged(draft, toTimestamp(dueMs))
  }
  if (existing) {
    const isOurs = existing.metadata.ownerReferences?.some(({ uid }) => uid === cronJob.metadata.uid)
    return isOurs ? started(existing) : statusIfChanged(draft)
  }
  const replaced =
    cronJob.spec!.concurrencyPolicy === 'Replace'
      ? draft.active.flatMap(({ namespace, name: other }) => store.get(namespace, other!) ?? [])
      : []
  const replacing = replaced.map(job => deleteJob(draft, job))
  const created = create(jobs, newJob(cronJob, name, dueMs), {
    done: job => [
      say(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`),
      ...started(job as Job),
      countSkew(job, dueMs),
    ],
    failed: error =>
      isNamespaceTerminating(error)
        ? []
        : [say(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`)],
  })
  return [...replacing, attempt([created], errors => (errors.length > 0 ? statusIfChanged(draft) : []))]
}

/** Between the time that was due and the job that it made. */
function countSkew({ metadata }: KubeObject, dueMs: number): Action {
  const lateMs = (fromTimestamp(metadata.creationTimestamp) ?? dueMs) - dueMs
  return measure(metrics =>
    metrics
      .histogram(skewSeconds)
      .with()
      .observe(lateMs / 1000),
  )
}

/** Upstream's name and buckets (pkg/controller/cronjob/metrics). */
const skewSeconds: HistogramSpec = {
  name: 'cronjob_controller_job_creation_skew_duration_seconds',
  help: 'Seconds between when a job was due and when it was made.',
  stability: 'STABLE',
  buckets: exponentialBuckets(1, 2, 10),
}

function newJob(cronJob: CronJob, name: string, dueMs: number): Job {
  const { jobTemplate, timeZone } = cronJob.spec!
  const { labels, annotations } = jobTemplate.metadata ?? {}
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: cronJob.metadata.namespace,
      labels,
      annotations: { ...annotations, [scheduledAnnotation]: inTimeZone(dueMs, timeZone) },
      ownerReferences: [controllerReference(cronJobs, cronJob)],
    },
    spec: jobTemplate.spec!,
  }
}
