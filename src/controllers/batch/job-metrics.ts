import type { Job, JobStatus } from '../../api/types/batch-v1.gen.ts'
import { type Action, measure, type Plan } from '../../controller/actions.ts'
import type { Synced } from '../../controller/define.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import { parseIndexes } from './job-indexes.ts'
import { isIndexed, isJobFinished, isManagedElsewhere } from './job-pods.ts'

/** Names, labels and buckets are upstream's (pkg/controller/job/metrics). */
const syncLabels = ['completion_mode', 'result', 'action']
const syncSeconds: HistogramSpec = {
  name: 'job_controller_job_sync_duration_seconds',
  help: 'Seconds that a look at a job took, with what was done about it.',
  labels: syncLabels,
  stability: 'STABLE',
  buckets: exponentialBuckets(0.004, 2, 15),
}
const syncTotal: MetricSpec = {
  name: 'job_controller_job_syncs_total',
  help: 'Looks at jobs, by what was done about them.',
  labels: syncLabels,
  stability: 'STABLE',
}
const finishedTotal: MetricSpec = {
  name: 'job_controller_jobs_finished_total',
  help: 'Jobs that ended.',
  labels: ['completion_mode', 'result', 'reason'],
  stability: 'STABLE',
}
const podsFinishedTotal: MetricSpec = {
  name: 'job_controller_job_pods_finished_total',
  help: 'Pods that were counted in the status of their job.',
  labels: ['completion_mode', 'result'],
  stability: 'STABLE',
}
const indexesTotal: MetricSpec = {
  name: 'job_controller_job_finished_indexes_total',
  help: 'Indexes of jobs that ended, by what their backoff limit is for.',
  labels: ['status', 'backoffLimit'],
  stability: 'ALPHA',
}
const policyTotal: MetricSpec = {
  name: 'job_controller_pod_failures_handled_by_failure_policy_total',
  help: 'Failed pods that a rule of a failure policy was for, by its action.',
  labels: ['action'],
  stability: 'ALPHA',
}
const creationTotal: MetricSpec = {
  name: 'job_controller_job_pods_creation_total',
  help: 'Pods that were to be made for jobs, by why and by what came of it.',
  labels: ['reason', 'status'],
  stability: 'ALPHA',
}

const modeOf = (job: Job) => (isIndexed(job) ? 'Indexed' : 'NonIndexed')

/** Counts each look at a job that is not over. */
export function countSync({ object: job, plan, error, ms }: Synced<Job>, metrics: Metrics): void {
  if (isManagedElsewhere(job) || isJobFinished(job)) return
  const labels = [modeOf(job), error === undefined ? 'success' : 'error', actionOf(plan)]
  metrics
    .counter(syncTotal)
    .with(...labels)
    .inc()
  metrics
    .histogram(syncSeconds)
    .with(...labels)
    .observe(ms / 1000)
}

/** Deletions say more than creations. */
function actionOf(plan: Plan): 'pods_deleted' | 'pods_created' | 'tracking' {
  const all = plan.flatMap(withParts)
  const isAbout = (action: Action) => 'resource' in action && action.resource.kind === 'Pod' && action.do
  if (all.some(action => isAbout(action) === 'delete')) return 'pods_deleted'
  return all.some(action => isAbout(action) === 'create') ? 'pods_created' : 'tracking'
}

function withParts(action: Action): readonly Action[] {
  return 'actions' in action ? action.actions.flatMap(withParts) : [action]
}

/** Counts what a written status says more than the one before it. */
export function countFinished(job: Job, status: JobStatus): Action {
  return measure(metrics => {
    const old = job.status ?? {}
    const pods = metrics.counter(podsFinishedTotal)
    const succeeded = isIndexed(job)
      ? countIndexes(job, status.completedIndexes) - countIndexes(job, old.completedIndexes)
      : (status.succeeded ?? 0) - (old.succeeded ?? 0)
    const failed = (status.failed ?? 0) - (old.failed ?? 0)
    pods.with(modeOf(job), 'succeeded').inc(Math.max(0, succeeded))
    pods.with(modeOf(job), 'failed').inc(Math.max(0, failed))
    if (!isIndexed(job)) return
    const limit = job.spec?.backoffLimitPerIndex === undefined ? 'global' : 'perIndex'
    const failedIndexes = countIndexes(job, status.failedIndexes) - countIndexes(job, old.failedIndexes)
    metrics.counter(indexesTotal).with('succeeded', limit).inc(Math.max(0, succeeded))
    if (failedIndexes > 0) metrics.counter(indexesTotal).with('failed', limit).inc(failedIndexes)
  })
}

function countIndexes({ spec }: Job, text: string | undefined): number {
  return text ? parseIndexes(text, spec?.completions ?? 0).size : 0
}

export function countEnd(job: Job, result: 'succeeded' | 'failed', reason: string): Action {
  return measure(metrics => metrics.counter(finishedTotal).with(modeOf(job), result, reason).inc())
}

/** `actions`: what the failure policy said to each failed pod that it had a rule for. */
export function countPolicyActions(actions: readonly string[]): Plan {
  if (actions.length === 0) return []
  return [
    measure(metrics => {
      for (const action of actions) metrics.counter(policyTotal).with(action).inc()
    }),
  ]
}

/** The same creation of a pod, counted by why it is made and what comes of it. */
export function countedCreation(creation: Action, job: Job, terminating: number): Action {
  if (creation.do !== 'create') return creation
  const reason = creationReason(job, terminating)
  const count = (status: string) =>
    measure(metrics => metrics.counter(creationTotal).with(reason, status).inc())
  const { done, failed } = creation.outcome
  const outcome = {
    done: (made: typeof creation.object) => [...(done?.(made) ?? []), count('succeeded')],
    failed: (error: unknown) => [...(failed?.(error) ?? []), count('failed')],
  }
  return { ...creation, outcome }
}

function creationReason({ spec, status }: Job, terminating: number): string {
  const failed = status?.failed ?? 0
  if (spec?.podReplacementPolicy === 'Failed' && failed > 0) return 'recreate_failed'
  return failed > 0 || terminating > 0 ? 'recreate_terminating_or_failed' : 'new'
}
