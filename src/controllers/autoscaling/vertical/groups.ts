import { updateModeOf } from '../../../api/autoscaling/vertical/policy.ts'
import type { VerticalPodAutoscaler } from '../../../api/autoscaling/vertical/types.ts'
import type { DaemonSet, ReplicaSet, StatefulSet } from '../../../api/types/apps-v1.gen.ts'
import type { Pod, ReplicationController } from '../../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { controllerOf } from '../../../machinery/meta/owners.ts'

/** An autoscaler that says nothing leaves groups of fewer pods alone. */
const minReplicasDefault = 2
/** So large a share of a group may be away for its sake. */
const evictionTolerance = 0.5
/** A resize that the kubelet has put off, or is at, for longer has failed. */
const deferredMs = 300_000
const inProgressMs = 3_600_000

/** What a group of pods of one maker can bear (upstream updater/restriction). */
export interface Group {
  readonly configured: number
  readonly tolerance: number
  readonly running: number
  evicted: number
  resized: number
}

/** How many pods a maker is to have: undefined when it is not there. */
export type Configured = (kind: string, namespace: string, name: string) => KubeObject | undefined

/** The groups that may be changed at all, by pod. */
export function groupsOf(
  pods: readonly Pod[],
  autoscaler: VerticalPodAutoscaler,
  makerOf: Configured,
): ReadonlyMap<Pod, Group> {
  const required = autoscaler.spec.updatePolicy?.minReplicas ?? minReplicasDefault
  const groups = new Map<Pod, Group>()
  for (const [, members] of Map.groupBy(pods, makerKey)) {
    const owner = controllerOf(members[0]!)
    if (!owner || members.length < required) continue
    const maker = makerOf(owner.kind, members[0]!.metadata.namespace ?? '', owner.name)
    const configured = owner.kind === 'Job' ? members.length : replicasOf(owner.kind, maker)
    if (configured === undefined) continue
    const running = members.filter(({ status }) => status?.phase !== 'Pending').length
    const tolerance = Math.trunc(configured * evictionTolerance)
    const group: Group = { configured, tolerance, running, evicted: 0, resized: 0 }
    for (const pod of members) groups.set(pod, group)
  }
  return groups
}

function makerKey(pod: Pod): string {
  const owner = controllerOf(pod)
  return owner ? `${owner.kind}/${owner.name}` : ''
}

/** Undefined: the maker is not there, or wants no pods. Kinds that upstream does not know count as wanting none. */
function replicasOf(kind: string, maker: KubeObject | undefined): number | undefined {
  if (kind === 'DaemonSet')
    return (maker as DaemonSet | undefined)?.status?.desiredNumberScheduled || undefined
  if (kind === 'ReplicaSet' || kind === 'StatefulSet' || kind === 'ReplicationController')
    return (
      (maker as ReplicaSet | StatefulSet | ReplicationController | undefined)?.spec?.replicas || undefined
    )
  return 0
}

/** Whether one more pod of a group may be away. */
export function canDisrupt({ configured, tolerance, running, evicted, resized }: Group): boolean {
  if (running - evicted - resized > configured - tolerance) return true
  return configured === running && tolerance === 0 && evicted === 0 && resized === 0
}

export type InPlaceDecision = 'approved' | 'deferred' | 'evict'

/** When each pod was first seen in the middle of a resize. */
export type ResizesSeen = Map<string, number>

/** Whether a pod can be resized now, or must wait, or be evicted for its resize has failed. */
export function decideInPlace(
  pod: Pod,
  { group, autoscaler }: { readonly group: Group | undefined; readonly autoscaler: VerticalPodAutoscaler },
  seen: ResizesSeen,
  nowMs: number,
): InPlaceDecision {
  if (updateModeOf(autoscaler) === 'InPlace') return 'deferred'
  if (!group || pod.status?.phase === 'Pending' || !autoscaler.status?.recommendation) return 'deferred'
  if (isResizing(pod)) return hasFailedResize(pod, group, seen, nowMs) ? 'evict' : 'deferred'
  return canDisrupt(group) ? 'approved' : 'deferred'
}

export function canEvict(pod: Pod, group: Group | undefined, seen: ResizesSeen, nowMs: number): boolean {
  if (!group) return false
  if (pod.status?.phase === 'Pending') return true
  return isResizing(pod) ? hasFailedResize(pod, group, seen, nowMs) : canDisrupt(group)
}

function conditionOf(pod: Pod, type: string) {
  return pod.status?.conditions?.find(condition => condition.type === type)
}

function isResizing(pod: Pod): boolean {
  const first = pod.status?.conditions?.find(({ type }) => resizing.has(type))
  return first?.status === 'True'
}

const resizing: ReadonlySet<string> = new Set(['PodResizePending', 'PodResizeInProgress'])

function hasFailedResize(pod: Pod, group: Group, seen: ResizesSeen, nowMs: number): boolean {
  const uid = pod.metadata.uid ?? ''
  const sinceMs = seen.get(uid) ?? nowMs
  seen.set(uid, sinceMs)
  if (!canDisrupt(group)) return false
  const pending = conditionOf(pod, 'PodResizePending')
  if (pending) return pending.reason !== 'Deferred' || nowMs - sinceMs > deferredMs
  const { reason, message } = conditionOf(pod, 'PodResizeInProgress') ?? {}
  return Boolean(reason || message) || nowMs - sinceMs > inProgressMs
}
