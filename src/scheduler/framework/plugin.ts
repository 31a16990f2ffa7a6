import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { ClusterSnapshot } from '../snapshot/cluster-snapshot.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import type { PodResources } from '../snapshot/pod-resources.ts'
import type { ClusterEvent, QueueingHint } from './events.ts'

/**
 * A scheduling plugin: the extension points of kube-scheduler's framework (KEP-624), each optional. Points that
 * judge many nodes have a columnar form beside the per-node one; a plugin gives the one that suits its data.
 * All but `permit`, `preBind` and `bind` are synchronous: a scheduling cycle is never interleaved with events.
 */
export interface SchedulerPlugin {
  readonly name: string
  /** Multiplies the score. Default 1. */
  readonly weight?: number
  /** What may make a pod schedulable that this plugin rejected; nothing else wakes it. */
  readonly events?: readonly QueueingHint[]
  /** Keeps a pod out of the queue until an event of this plugin: the reason, or undefined to let it in. */
  preEnqueue?(pod: Pod): string | undefined
  /** Looks at the pod once. `skip` turns this plugin's filter off for the cycle. */
  preFilter?(cycle: Cycle): PreFilterResult
  /** Undefined when the node will do. */
  filter?(cycle: Cycle, node: NodeInfo): Rejection | undefined
  /** Zeroes `mask[row]` for every node that will not do; `filter` then explains a single node. */
  filterColumns?(cycle: Cycle, mask: Uint8Array): void
  /** When no node will do: may free room (preemption). */
  postFilter?(cycle: Cycle, rejections: ReadonlyMap<string, Rejection>): string | undefined
  /** `skip` turns this plugin's score off for the cycle. */
  preScore?(cycle: Cycle, rows: readonly number[]): 'skip' | undefined
  /** 0 … 100, or anything that `normalize` maps there. */
  score?(cycle: Cycle, node: NodeInfo): number
  /** Adds nothing, fills `scores[row]` for `rows`. */
  scoreColumns?(cycle: Cycle, rows: readonly number[], scores: Float64Array): void
  normalize?(cycle: Cycle, rows: readonly number[], scores: Float64Array): void
  reserve?(cycle: Cycle, node: NodeInfo): Rejection | undefined
  unreserve?(cycle: Cycle, node: NodeInfo): void
  /** Holds the binding back until it resolves; a rejection sends the pod back. */
  permit?(cycle: Cycle, node: NodeInfo): Promise<Rejection | undefined>
  preBind?(cycle: Cycle, node: NodeInfo): Promise<Rejection | undefined>
  /** The first plugin that has it binds. */
  bind?(cycle: Cycle, node: NodeInfo): Promise<void>
  postBind?(cycle: Cycle, node: NodeInfo): void
}

/** One pod's way through the plugins. `state` is where a plugin keeps what it learned in an earlier point. */
export interface Cycle {
  readonly pod: Pod
  readonly resources: PodResources
  readonly snapshot: ClusterSnapshot
  readonly state: Map<string, unknown>
}

/** Why a node or the whole pod was turned down. `unresolvable`: preemption would not help. */
export interface Rejection {
  readonly plugin: string
  readonly reasons: readonly string[]
  readonly unresolvable: boolean
}

export type PreFilterResult =
  | {
      readonly outcome: 'continue' /** Only these nodes come into question. */
      readonly nodeNames?: ReadonlySet<string>
    }
  | { readonly outcome: 'skip' }
  | { readonly outcome: 'reject'; readonly rejection: Rejection }

export const maxNodeScore = 100

export const goOn: PreFilterResult = { outcome: 'continue' }
export const skip: PreFilterResult = { outcome: 'skip' }

/** A node's or pod's rejection by `plugin`. */
export function reject(plugin: string, reason: string, unresolvable: boolean): Rejection {
  return { plugin, reasons: [reason], unresolvable }
}

export type { ClusterEvent }
