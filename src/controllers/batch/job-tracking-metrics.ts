import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { Job } from '../../api/types/batch-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { MetricSpec, Metrics } from '../../std/metrics.ts'
import { isManagedElsewhere, isTracked } from './job-pods.ts'

/** Upstream's names and labels (pkg/controller/job/metrics). */
const tracked: MetricSpec = {
  name: 'job_controller_terminated_pods_tracking_finalizer_total',
  help: 'Finished pods that came to have, and to lose, the finalizer by which jobs count them.',
  labels: ['event'],
  stability: 'ALPHA',
}
const external: MetricSpec = {
  name: 'job_controller_jobs_by_external_controller_total',
  help: 'Jobs that are left to another controller, by its name.',
  labels: ['controller_name'],
  stability: 'ALPHA',
}

export function countTracked(metrics: Metrics, pod: Pod | undefined, old: Pod | undefined): void {
  const [is, was] = [pod, old].map(each => each !== undefined && isTracked(each) && isFinished(each))
  if (is === was) return
  metrics
    .counter(tracked)
    .with(is ? 'add' : 'delete')
    .inc()
}

export function countManaged(metrics: Metrics, job: Job): void {
  if (isManagedElsewhere(job))
    metrics
      .counter(external)
      .with(job.spec?.managedBy ?? '')
      .inc()
}
