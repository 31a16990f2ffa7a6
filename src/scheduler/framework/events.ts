import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { podResources } from '../snapshot/pod-resources.ts'

/** A change that may make a waiting pod schedulable. */
export type ClusterEvent =
  | { readonly kind: 'nodeAdded'; readonly node: Node }
  | {
      readonly kind: 'nodeUpdated'
      readonly node: Node
      readonly old: Node
      readonly changes: ReadonlySet<NodeChange>
    }
  | { readonly kind: 'nodeDeleted'; readonly node: Node }
  /** A pod that has a node now. */
  | { readonly kind: 'assignedPodAdded'; readonly pod: Pod }
  | {
      readonly kind: 'assignedPodUpdated'
      readonly pod: Pod
      readonly old: Pod
      readonly changes: ReadonlySet<PodChange>
    }
  /** A pod that held resources or was nominated is gone or finished. */
  | { readonly kind: 'assignedPodDeleted'; readonly pod: Pod }
  /** The waiting pod itself was changed by somebody. */
  | {
      readonly kind: 'podUpdated'
      readonly pod: Pod
      readonly old: Pod
      readonly changes: ReadonlySet<PodChange>
    }
  /** An object of a kind that some plugin reads; without `object` it was deleted, without `old` added. */
  | {
      readonly kind: 'object'
      readonly plural: string
      readonly object: KubeObject | undefined
      readonly old: KubeObject | undefined
    }

export type NodeChange = 'allocatable' | 'labels' | 'taints' | 'conditions' | 'unschedulable' | 'annotations'
export type PodChange = 'labels' | 'scaledDown' | 'gatesLifted' | 'tolerations' | 'claims'

/** Registers for a kind of event (KEP-4247); `helps` says whether this one can help this pod. */
export type QueueingHint = {
  [Kind in ClusterEvent['kind']]: {
    readonly kind: Kind
    /** For `object`: of which kind. */
    readonly plural?: string
    readonly helps: (pod: Pod, event: Extract<ClusterEvent, { kind: Kind }>) => boolean
  }
}[ClusterEvent['kind']]

/** True when the hint is meant for such events and finds that this one can help the pod. */
export function hintApplies(hint: QueueingHint, pod: Pod, event: ClusterEvent): boolean {
  if (hint.kind !== event.kind) return false
  if (event.kind === 'object' && hint.plural !== event.plural) return false
  return (hint.helps as (pod: Pod, event: ClusterEvent) => boolean)(pod, event)
}

/** What differs between two states of a node, as far as scheduling cares. */
export function nodeChanges(old: Node, node: Node): Set<NodeChange> {
  const changes = new Set<NodeChange>()
  if (differ(old.status?.allocatable, node.status?.allocatable)) changes.add('allocatable')
  if (differ(old.metadata.labels, node.metadata.labels)) changes.add('labels')
  if (differ(old.metadata.annotations, node.metadata.annotations)) changes.add('annotations')
  if (differ(old.spec?.taints, node.spec?.taints)) changes.add('taints')
  if (Boolean(old.spec?.unschedulable) !== Boolean(node.spec?.unschedulable)) changes.add('unschedulable')
  if (differ(conditionStates(old), conditionStates(node))) changes.add('conditions')
  return changes
}

/** What differs between two states of a pod, as far as scheduling cares (framework PodSchedulingPropertiesChange). */
export function podChanges(old: Pod, pod: Pod): Set<PodChange> {
  const changes = new Set<PodChange>()
  if (differ(old.metadata.labels, pod.metadata.labels)) changes.add('labels')
  if (old.spec !== pod.spec) {
    if (scaledDown(old, pod)) changes.add('scaledDown')
    if (old.spec?.schedulingGates?.length && !pod.spec?.schedulingGates?.length) changes.add('gatesLifted')
    if (old.spec?.tolerations?.length !== pod.spec?.tolerations?.length) changes.add('tolerations')
  }
  if (differ(old.status?.resourceClaimStatuses, pod.status?.resourceClaimStatuses)) changes.add('claims')
  return changes
}

function scaledDown(old: Pod, pod: Pod): boolean {
  const [before, after] = [podResources(old), podResources(pod)]
  if (before === after) return false
  if (before.milliCpu > after.milliCpu || before.memory > after.memory) return true
  if (before.ephemeralStorage > after.ephemeralStorage) return true
  return [...before.scalars].some(([name, amount]) => amount > (after.scalars.get(name) ?? 0))
}

function differ(a: unknown, b: unknown): boolean {
  return a !== b && JSON.stringify(a) !== JSON.stringify(b)
}

function conditionStates(node: Node): string[] {
  return (node.status?.conditions ?? []).map(condition => `${condition.type}=${condition.status}`)
}
