import { pods } from '../../../api/core/pod.ts'
import type { Pod } from '../../../api/types/core-v1.gen.ts'
import { strategicPatch } from '../../../client/client.ts'
import { referenceTo } from '../../../client/events.ts'
import { toTimestamp } from '../../../client/timestamp.ts'
import { isNotFound } from '../../../machinery/status/errors.ts'
import type { Handle } from '../../framework/handle.ts'
import { podKey } from '../../snapshot/cluster-snapshot.ts'
import { type Candidate, priorityOf } from './victims.ts'

/** Preemptions under way: who waits for whom to be told to leave (KEP-4832). */
export interface Evictions {
  /** Starts the deletion of the victims that do not leave already. */
  begin(preemptor: Pod, candidate: Candidate): void
  /** True while not all victims have been told; the preemptor need not try before. */
  underWay(preemptor: Pod): boolean
}

/** Deletes victims beside the scheduling cycles. */
export function createEvictions(handle: Handle): Evictions {
  const { ports } = handle
  const preempting = new Set<string>()
  return {
    underWay: preemptor => preempting.has(preemptor.metadata.uid!),
    begin(preemptor, { node, victims }) {
      withdrawLesser(handle, preemptor, node.name)
      const staying = victims.filter(victim => !victim.metadata.deletionTimestamp)
      if (staying.length === 0) return
      const uid = preemptor.metadata.uid!
      preempting.add(uid)
      const told = async () => {
        const last = staying.at(-1)!
        await Promise.all(staying.slice(0, -1).map(victim => evict(handle, preemptor, victim, node.name)))
        // Its end is what wakes the preemptor, which must then be free to enter the queue.
        preempting.delete(uid)
        await evict(handle, preemptor, last, node.name)
      }
      told().catch(error => {
        preempting.delete(uid)
        ports.log.warn('preemption failed', { pod: podKey(preemptor), node: node.name, error: String(error) })
        handle.activate(podKey(preemptor))
      })
    },
  }
}

async function evict({ client, ports, recorder }: Handle, preemptor: Pod, victim: Pod, node: string) {
  const { namespace, name, uid, generation } = victim.metadata
  const now = toTimestamp(ports.clock.nowMs())
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${preemptor.spec?.schedulerName}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: now,
    observedGeneration: generation,
  }
  const body = { metadata: { uid }, status: { conditions: [condition] } }
  try {
    await client.patch(pods, namespace, name!, { type: strategicPatch, body, subresource: 'status' })
    await client.delete(pods, namespace, name!, uid ? { preconditions: { uid } } : {})
  } catch (error) {
    if (isNotFound(error)) return
    throw error
  }
  recorder.record(referenceTo(pods, victim), {
    type: 'Normal',
    reason: 'Preempted',
    action: 'Preempting',
    related: referenceTo(pods, preemptor),
    message: `Preempted by pod ${preemptor.metadata.uid} on node ${node}`,
  })
}

/** Lesser pods that were promised room on this node look for another place. */
function withdrawLesser(handle: Handle, preemptor: Pod, node: string): void {
  for (const pod of handle.nominated.on(node)) {
    if (priorityOf(pod) >= priorityOf(preemptor)) continue
    handle.nominated.remove(pod.metadata.uid!)
    const { namespace, name, uid } = pod.metadata
    const body = { metadata: { uid }, status: { nominatedNodeName: null } }
    handle.client
      .patch(pods, namespace, name!, { type: strategicPatch, body, subresource: 'status' })
      .catch(error =>
        handle.ports.log.warn('nomination not withdrawn', { pod: podKey(pod), error: String(error) }),
      )
  }
}
