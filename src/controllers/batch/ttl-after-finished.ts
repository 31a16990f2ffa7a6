import type { Job } from '../../api/types/batch-v1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { confirm, measure, type Plan, remove, requeueAfter } from '../../controller/actions.ts'
import { defineController } from '../../controller/define.ts'
import { exponentialBuckets, type HistogramSpec } from '../../std/metrics.ts'
import { jobs } from '../kinds.ts'

/** Upstream's name and buckets (pkg/controller/ttlafterfinished/metrics). */
const deletionSeconds: HistogramSpec = {
  name: 'ttl_after_finished_controller_job_deletion_duration_seconds',
  help: 'Seconds between when the time of a finished job was over and its deletion.',
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.1, 2, 14),
}

/** Deletes finished jobs when their time is over (upstream pkg/controller/ttlafterfinished). */
export const ttlAfterFinishedController = defineController<Job>({
  name: 'ttl-after-finished',
  identity: 'ttl-after-finished-controller',
  primary: jobs,
  plan: (job, _, nowMs) => planExpiry(job, nowMs),
})

export function planExpiry(job: Job, nowMs: number): Plan {
  const { ttlSecondsAfterFinished } = job.spec ?? {}
  const finishedMs = finishedAtMs(job)
  if (job.metadata.deletionTimestamp || ttlSecondsAfterFinished === undefined || finishedMs === undefined)
    return []
  const leftMs = finishedMs + ttlSecondsAfterFinished * 1000 - nowMs
  if (leftMs > 0) return [requeueAfter(leftMs)]
  return [
    confirm(jobs, job),
    remove(jobs, job, { propagationPolicy: 'Foreground' }),
    measure(metrics =>
      metrics
        .histogram(deletionSeconds)
        .with()
        .observe(-leftMs / 1000),
    ),
  ]
}

function finishedAtMs({ status }: Job): number | undefined {
  const finished = status?.conditions?.find(
    ({ type, status: truth }) => (type === 'Complete' || type === 'Failed') && truth === 'True',
  )
  return fromTimestamp(finished?.lastTransitionTime)
}
