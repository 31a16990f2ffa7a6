import type { Node, Pod } from '../../api/types/core-v1.gen.ts'

/** A change that may make a waiting pod schedulable. */
export type ClusterEvent =
  | { readonly kind: 'nodeAdded'; readonly node: Node }
  | {
      readonly kind: 'nodeUpdated'
      readonly node: Node
      readonly old: Node
      readonly changes: ReadonlySet<NodeChange>
    }
  /** A pod that held resources is gone, finished, or got smaller. */
  | { readonly kind: 'assignedPodDeleted'; readonly pod: Pod }
  /** The waiting pod itself was changed by somebody. */
  | { readonly kind: 'podUpdated'; readonly pod: Pod; readonly old: Pod }

export type NodeChange = 'allocatable' | 'labels' | 'taints' | 'conditions' | 'unschedulable'

/** Registers for a kind of event (KEP-4247); `helps` says whether this one can help this pod. */
export interface QueueingHint {
  readonly kind: ClusterEvent['kind']
  readonly helps: (pod: Pod, event: ClusterEvent) => boolean
}

/** What differs between two states of a node, as far as scheduling cares. */
export function nodeChanges(old: Node, node: Node): Set<NodeChange> {
  const changes = new Set<NodeChange>()
  const differ = (a: unknown, b: unknown) => a !== b && JSON.stringify(a) !== JSON.stringify(b)
  if (differ(old.status?.allocatable, node.status?.allocatable)) changes.add('allocatable')
  if (differ(old.metadata.labels, node.metadata.labels)) changes.add('labels')
  if (differ(old.spec?.taints, node.spec?.taints)) changes.add('taints')
  if (Boolean(old.spec?.unschedulable) !== Boolean(node.spec?.unschedulable)) changes.add('unschedulable')
  if (differ(conditionStates(old), conditionStates(node))) changes.add('conditions')
  return changes
}

function conditionStates(node: Node): string[] {
  return (node.status?.conditions ?? []).map(condition => `${condition.type}=${condition.status}`)
}
