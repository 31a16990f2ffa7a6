import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '../../api/types/autoscaling-v2.gen.ts'
import { referenceTo } from '../../client/events.ts'
import { isConflict } from '../../client/failure.ts'
import { objectKey } from '../../client/resource.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { WorkerContext } from '../../controller/worker.ts'
import { horizontalPodAutoscalers } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'

/** A status in the making. */
export interface Draft {
  readonly autoscaler: HorizontalPodAutoscaler
  readonly context: WorkerContext
  status: HorizontalPodAutoscalerStatus
}

/** Answers the status as it is now. */
/** Writes what has changed; somebody else's change is met in the next round. */
export async function writeStatus({ autoscaler, context, status }: Draft): Promise<void> {
  if (jsonEqual(status, autoscaler.status)) return
  try {
    await context.client.updateStatus(horizontalPodAutoscalers, { ...autoscaler, status })
  } catch (error) {
    if (!isConflict(error)) throw error
    context.ports.log.debug('status was written meanwhile', { autoscaler: objectKey(autoscaler) })
  }
}

/** Records an event about the autoscaler. */
export function say(
  { autoscaler, context }: Draft,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  context.events.record(referenceTo(horizontalPodAutoscalers, autoscaler), { type, reason, message })
}

/** Sets the condition of a type, given as type, status and reason. */
export function setCondition(
  draft: Draft,
  [type, truth, reason]: readonly [string, string, string],
  message: string,
): void {
  const all = draft.status.conditions ?? []
  const current = all.find(condition => condition.type === type)
  const now = toTimestamp(draft.context.ports.clock.nowMs())
  const lastTransitionTime = current?.status === truth ? current.lastTransitionTime : now
  const condition: HorizontalPodAutoscalerCondition = {
    ...{ type, status: truth, reason, message },
    ...(lastTransitionTime && { lastTransitionTime }),
  }
  const conditions = current ? all.map(other => (other === current ? condition : other)) : [...all, condition]
  draft.status = { ...draft.status, conditions }
}

/** What the status says of sizes; conditions stay. */
export function setSizes(
  draft: Draft,
  currentReplicas: number,
  { replicas, metrics }: { readonly replicas: number; readonly metrics: MetricStatus[] },
  lastScaleTime = draft.status.lastScaleTime,
): void {
  draft.status = {
    ...(currentReplicas > 0 && { currentReplicas }),
    desiredReplicas: replicas,
    ...(lastScaleTime && { lastScaleTime }),
    ...(metrics.length > 0 && { currentMetrics: metrics }),
    conditions: draft.status.conditions,
  }
}
