import type { Job } from '../../api/types/batch-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import { objectKey } from '../../client/resource.ts'
import { controllerUid } from '../../controller/view.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { controllerOf } from '../../machinery/meta/owners.ts'
import { jobs, pods } from '../kinds.ts'
import { isJobFinished, isManagedElsewhere, isTracked, trackingFinalizer } from './job-pods.ts'
import { countManaged, countTracked } from './job-tracking-metrics.ts'

/** Lets pods go that no job will count any more: theirs is finished, or gone (job_controller.go syncOrphanPod). */
export const jobPodReleaser: Worker = {
  name: 'job-orphan-pods',
  identity: 'job-controller',
  start(context) {
    const podStore = context.use(pods).store
    const jobStore = context.use(jobs).store
    // A pod that is new may be seen before its job is: only one that leaves, or that nobody owns, can be let go.
    const mayBeDone = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined || !controllerOf(pod)
    context.watch(pods, (pod, old) => {
      countTracked(context.ports.metrics, pod, old)
      return pod && isTracked(pod) && mayBeDone(pod) ? [objectKey(pod)] : []
    })
    context.watch(jobs, (job, old) => {
      if (job && !old) countManaged(context.ports.metrics, job)
      const isOver = !job || isJobFinished(job)
      const owned = isOver ? podStore.index(controllerUid).get((job ?? old)!.metadata.uid!) : []
      return owned.filter(isTracked).map(objectKey)
    })
    const needsNobody = (pod: Pod) => !isCounted(pod, name => jobStore.get(pod.metadata.namespace, name))
    return async key => {
      const pod = podStore.byKey(key)
      if (pod && isTracked(pod) && needsNobody(pod)) await release(context, pod)
      return {}
    }
  },
}

/** Whether a job that is there looks after this pod. */
function isCounted(pod: Pod, find: (name: string) => Job | undefined): boolean {
  const owner = controllerOf(pod)
  if (!owner) return false
  if (owner.kind !== 'Job' || owner.apiVersion !== 'batch/v1') return true
  const job = find(owner.name)
  return job?.metadata.uid === owner.uid && (isManagedElsewhere(job) || !isJobFinished(job))
}

async function release({ client }: WorkerContext, { metadata }: Pod): Promise<void> {
  const body = { metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } }
  await orUndefined(client.patch(pods, metadata.namespace, metadata.name!, { type: strategicPatch, body }))
}
