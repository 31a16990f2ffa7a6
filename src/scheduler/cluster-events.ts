import { isFinished } from '../api/core/pod/lifecycle.ts'
import type { Node, Pod } from '../api/types/core-v1.gen.ts'
import type { Change } from '../client/informer.ts'
import { nodeChanges, podChanges } from './framework/events.ts'
import type { SchedulingQueue } from './queue/scheduling-queue.ts'
import type { ClusterSnapshot } from './snapshot/cluster-snapshot.ts'
import type { NominatedPods } from './snapshot/nominated-pods.ts'

/** What the scheduler knows and waits for. */
export interface Cluster {
  readonly snapshot: ClusterSnapshot
  readonly queue: SchedulingQueue
  readonly nominated: NominatedPods
  /** Is this scheduler to find a node for the pod? */
  readonly mine: (pod: Pod) => boolean
}

/** Feeds one change of a pod into snapshot and queue (pkg/scheduler/eventhandlers.go). */
export function takePodChange(change: Change<Pod>, cluster: Cluster): void {
  const { snapshot, queue } = cluster
  const { object, old } = change
  if (object && holdsResources(object)) return takeAssigned(change.key, object, cluster)
  const held = snapshot.podOn(change.key)
  // An assumed pod stays until its binding is answered: the API does not show its node yet.
  if (held && !(object && snapshot.isAssumed(change.key) && object.metadata.uid === held.metadata.uid)) {
    snapshot.removePod(change.key)
    queue.moved({ kind: 'assignedPodDeleted', pod: held })
  }
  takeNomination(change, cluster)
  const waits = object && !isFinished(object) && cluster.mine(object) && !object.metadata.deletionTimestamp
  if (!waits) return queue.remove(change.key)
  if (snapshot.isAssumed(change.key)) return
  if (old && cluster.mine(old) && old.metadata.uid === object.metadata.uid) queue.update(old, object)
  else queue.add(object)
}

function takeAssigned(key: string, pod: Pod, { snapshot, queue, nominated }: Cluster): void {
  const held = snapshot.isAssumed(key) ? undefined : snapshot.podOn(key)
  queue.remove(key)
  nominated.remove(pod.metadata.uid!)
  snapshot.setPod(pod)
  if (!held) return queue.moved({ kind: 'assignedPodAdded', pod })
  const changes = podChanges(held, pod)
  if (changes.size > 0) queue.moved({ kind: 'assignedPodUpdated', pod, old: held, changes })
}

/** Keeps the nominations as the API shows them; one that it does not show yet stays as the scheduler decided it. */
function takeNomination({ object, old }: Change<Pod>, { queue, nominated, mine }: Cluster): void {
  const gone = !object || isFinished(object) || object.metadata.deletionTimestamp
  const before = old?.status?.nominatedNodeName
  const after = gone ? undefined : object.status?.nominatedNodeName
  if (gone) {
    const uid = (old ?? object)?.metadata.uid
    if (uid) nominated.remove(uid)
  } else if (mine(object)) {
    nominated.set(object, before || after ? after : nominated.nodeOf(object.metadata.uid!))
  }
  if (!old || !before || before === after) return
  // The room that was kept for it is free for pods that had to leave it.
  const priority = old.spec?.priority ?? 0
  queue.moved({ kind: 'assignedPodDeleted', pod: old }, pod => (pod.spec?.priority ?? 0) <= priority)
}

/** Feeds one change of a node into snapshot and queue. */
export function takeNodeChange({ object, old }: Change<Node>, { snapshot, queue }: Cluster): void {
  if (!object) {
    if (!old) return
    snapshot.removeNode(old.metadata.name!)
    return queue.moved({ kind: 'nodeDeleted', node: old })
  }
  snapshot.setNode(object)
  if (!old) return queue.moved({ kind: 'nodeAdded', node: object })
  const changes = nodeChanges(old, object)
  if (changes.size > 0) queue.moved({ kind: 'nodeUpdated', node: object, old, changes })
}

function holdsResources(pod: Pod): boolean {
  return Boolean(pod.spec?.nodeName) && !isFinished(pod)
}
