import { pods } from '../api/core/pod.ts'
import type { Pod, PodCondition } from '../api/types/core-v1.gen.ts'
import { type Client, strategicPatch } from '../client/client.ts'
import { type EventRecorder, referenceTo } from '../client/events.ts'
import { toTimestamp } from '../client/timestamp.ts'
import { findCondition } from '../machinery/meta/conditions.ts'
import { isNotFound } from '../machinery/status/errors.ts'
import type { Ports } from '../std/ports.ts'

interface Reporter {
  readonly client: Client
  readonly recorder: EventRecorder
}

export interface Report {
  /** `Unschedulable`: nothing fits. `SchedulerError`: something went wrong on the way. */
  readonly reason: 'Unschedulable' | 'SchedulerError'
  readonly message: string
  /** The node that the pod waits for from now on; '' withdraws it, undefined leaves it as it was. */
  readonly nominate: string | undefined
}

/** An Event's note is at most this long. */
const noteMax = 1024

/** Says on the pod itself and in an event why it has no node. A pod that is gone by now is nobody's concern. */
export async function reportUnschedulable(
  { client, recorder }: Reporter,
  ports: Ports,
  pod: Pod,
  report: Report,
): Promise<void> {
  const { message } = report
  const note = message.length > noteMax ? `${message.slice(0, noteMax - 4)} ...` : message
  recorder.record(referenceTo(pods, pod), {
    type: 'Warning',
    reason: 'FailedScheduling',
    action: 'Scheduling',
    message: note,
  })
  const condition = changedCondition(ports, pod, report)
  const nomination = changedNomination(pod, report.nominate)
  if (!condition && !nomination) return
  const { namespace, name, uid } = pod.metadata
  const body = { metadata: { uid }, status: { ...(condition && { conditions: [condition] }), ...nomination } }
  try {
    await client.patch(pods, namespace, name!, { type: strategicPatch, body, subresource: 'status' })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function changedCondition(ports: Ports, pod: Pod, { reason, message }: Report): PodCondition | undefined {
  const known = findCondition(pod.status?.conditions, 'PodScheduled')
  if (known?.status === 'False' && known.reason === reason && known.message === message) return undefined
  const now = toTimestamp(ports.clock.nowMs())
  return {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastTransitionTime: known?.status === 'False' ? known.lastTransitionTime : now,
    observedGeneration: pod.metadata.generation,
  } as PodCondition
}

function changedNomination(pod: Pod, nominate: string | undefined): object | undefined {
  if (nominate === undefined || nominate === (pod.status?.nominatedNodeName ?? '')) return undefined
  return { nominatedNodeName: nominate || null }
}
