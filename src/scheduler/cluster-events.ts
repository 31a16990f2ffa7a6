import type { Node, Pod } from '../api/types/core-v1.gen.ts'
import type { Change } from '../client/informer.ts'
import { nodeChanges } from './framework/events.ts'
import type { SchedulingQueue } from './queue/scheduling-queue.ts'
import type { ClusterSnapshot } from './snapshot/cluster-snapshot.ts'

/** Feeds one change of a pod into snapshot and queue (pkg/scheduler/eventhandlers.go). */
export function takePodChange(
  change: Change<Pod>,
  snapshot: ClusterSnapshot,
  queue: SchedulingQueue,
  mine: (pod: Pod) => boolean,
): void {
  const { object, old } = change
  if (object && holdsResources(object)) {
    queue.remove(change.key)
    snapshot.setPod(object)
    return
  }
  const held = snapshot.podOn(change.key)
  // An assumed pod stays until its binding is answered: the API does not show its node yet.
  if (held && !(object && snapshot.isAssumed(change.key) && object.metadata.uid === held.metadata.uid)) {
    snapshot.removePod(change.key)
    queue.moved({ kind: 'assignedPodDeleted', pod: held })
  }
  if (!object || isFinished(object) || !mine(object)) return queue.remove(change.key)
  if (object.metadata.deletionTimestamp) return queue.remove(change.key)
  if (snapshot.isAssumed(change.key)) return
  if (old && mine(old) && old.metadata.uid === object.metadata.uid) queue.update(old, object)
  else queue.add(object)
}

/** Feeds one change of a node into snapshot and queue. */
export function takeNodeChange(
  { object, old }: Change<Node>,
  snapshot: ClusterSnapshot,
  queue: SchedulingQueue,
): void {
  if (!object) return void (old && snapshot.removeNode(old.metadata.name!))
  snapshot.setNode(object)
  if (!old) return queue.moved({ kind: 'nodeAdded', node: object })
  const changes = nodeChanges(old, object)
  if (changes.size > 0) queue.moved({ kind: 'nodeUpdated', node: object, old, changes })
}

function holdsResources(pod: Pod): boolean {
  return Boolean(pod.spec?.nodeName) && !isFinished(pod)
}

function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}
