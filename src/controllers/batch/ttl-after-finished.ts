import type { Job } from '../../api/types/batch-v1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { confirm, type Plan, remove, requeueAfter } from '../../controller/actions.ts'
import { defineController } from '../../controller/define.ts'
import { jobs } from '../kinds.ts'

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
  return [confirm(jobs, job), remove(jobs, job, { propagationPolicy: 'Foreground' })]
}

function finishedAtMs({ status }: Job): number | undefined {
  const finished = status?.conditions?.find(
    ({ type, status: truth }) => (type === 'Complete' || type === 'Failed') && truth === 'True',
  )
  return fromTimestamp(finished?.lastTransitionTime)
}
