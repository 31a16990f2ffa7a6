import { pods } from '../api/core/pod.ts'
import type { Pod } from '../api/types/core-v1.gen.ts'
import { type Client, strategicPatch } from '../client/client.ts'
import { type EventRecorder, referenceTo } from '../client/events.ts'
import { isNotFound } from '../machinery/status/errors.ts'
import type { Ports } from '../std/ports.ts'

interface Reporter {
  readonly client: Client
  readonly recorder: EventRecorder
}

/** Says on the pod itself and in an event why it has no node. A pod that is gone by now is nobody's concern. */
export async function reportUnschedulable(
  { client, recorder }: Reporter,
  ports: Ports,
  pod: Pod,
  message: string,
): Promise<void> {
  recorder.record(referenceTo(pods, pod), { type: 'Warning', reason: 'FailedScheduling', message })
  const known = pod.status?.conditions?.find(condition => condition.type === 'PodScheduled')
  if (known?.status === 'False' && known.reason === 'Unschedulable' && known.message === message) return
  const now = new Date(ports.clock.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z')
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: known?.status === 'False' ? known.lastTransitionTime : now,
    observedGeneration: pod.metadata.generation,
  }
  const { namespace, name, uid } = pod.metadata
  const body = { metadata: { uid }, status: { conditions: [condition] } }
  try {
    await client.patch(pods, namespace, name!, { type: strategicPatch, body, subresource: 'status' })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
