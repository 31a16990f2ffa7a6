import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import { objectKey } from '../../client/resource.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import type { Worker } from '../../controller/worker.ts'
import { pods } from '../kinds.ts'
import { podCondition } from '../shared/pod.ts'

/** disruption.go stalePodDisruptionTimeout. */
const staleMs = 120_000
const type = 'DisruptionTarget'

/** Takes back that a pod is about to be disrupted when nobody has deleted it (disruption.go syncStalePodDisruption). */
export const staleDisruptionCleaner: Worker = {
  name: 'stale-pod-disruption',
  identity: 'disruption-controller',
  start(context) {
    const store = context.use(pods).store
    context.watch(pods, pod => (pod && isMarked(pod) ? [objectKey(pod)] : []))
    return async key => {
      const pod = store.byKey(key)
      if (!pod || !isMarked(pod)) return {}
      const nowMs = context.ports.clock.nowMs()
      const leftMs = (fromTimestamp(podCondition(pod, type)!.lastTransitionTime) ?? 0) + staleMs - nowMs
      if (leftMs > 0) return { afterMs: leftMs }
      const lastTransitionTime = toTimestamp(nowMs)
      const condition = { type, status: 'False', lastTransitionTime, reason: null, message: null }
      const { namespace, name, uid } = pod.metadata
      const body = { metadata: { uid }, status: { conditions: [condition] } }
      await orUndefined(
        context.client.patch(pods, namespace, name!, { type: strategicPatch, subresource: 'status', body }),
      )
      return {}
    }
  },
}

function isMarked(pod: Pod): boolean {
  const condition = podCondition(pod, type)
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return false
  return !pod.metadata.deletionTimestamp && !isFinished(pod)
}
