import type { Pod } from '../../api/types/core-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { type Plan, patch } from '../../controller/actions.ts'
import { pods } from '../kinds.ts'
import { podCondition } from './pod.ts'

/** Says in a pod's status why it is about to be deleted, unless somebody has said so before (core/v1 DisruptionTarget). */
export function markDisrupted(
  pod: Pod,
  nowMs: number,
  why: { readonly reason: string; readonly message: string },
): Plan {
  if (podCondition(pod, 'DisruptionTarget')?.status === 'True') return []
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    ...why,
    lastTransitionTime: toTimestamp(nowMs),
  }
  const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } }
  return [patch(pods, pod, { type: strategicPatch, subresource: 'status', body })]
}
