import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { ResourceName } from '../../client/resource.ts'
import type { ClusterSnapshot } from '../snapshot/cluster-snapshot.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import type { NominatedPods } from '../snapshot/nominated-pods.ts'
import type { PodResources } from '../snapshot/pod-resources.ts'
import type { QueueingHint } from './events.ts'
import type { CycleMeter } from './meter.ts'

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
  /** Kinds that it looks up; they are watched from the start, and their changes are offered to `events`. */
  readonly reads?: readonly ResourceName[]
  /** Keeps a pod out of the queue until an event of this plugin: the reason, or undefined to let it in. */
  preEnqueue?(pod: Pod): string | undefined
  /** Looks at the pod once. `skip` turns this plugin's filter off for the cycle. */
  preFilter?(cycle: Cycle): PreFilterResult
  /** Undefined when the node will do. Looks at the node as it is now, also in the midst of a dry run. */
  filter?(cycle: Cycle, node: NodeInfo): Rejection | undefined
  /** Zeroes `mask[row]` for every node that will not do; `filter` then explains a single node. */
  filterColumns?(cycle: Cycle, mask: Uint8Array): void
  /** Follows a pod that a dry run has put on a node or (`change` -1) taken off it. */
  podMoved?(cycle: Cycle, pod: Pod, node: NodeInfo, change: 1 | -1): void
  /** When no node will do: may free room (preemption). The first that says so ends it. */
  postFilter?(cycle: Cycle, rejections: Rejections): PostFilterResult | undefined
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
  /** True when `preBind` has work to do: only then the node is told beforehand (KEP-5278). */
  preparesBinding?(cycle: Cycle, node: NodeInfo): boolean
  preBind?(cycle: Cycle, node: NodeInfo): Promise<Rejection | undefined>
  /** The first plugin that has it binds. */
  bind?(cycle: Cycle, node: NodeInfo): Promise<void>
  postBind?(cycle: Cycle, node: NodeInfo): void
}

/** One pod's way through the plugins. */
export interface Cycle {
  readonly pod: Pod
  readonly resources: PodResources
  readonly snapshot: ClusterSnapshot
  readonly nominated: NominatedPods
  /** The plugins whose filters are on; set once all PreFilters have spoken. */
  filters: readonly SchedulerPlugin[]
  /** Hears the weighted score that each plugin gives each node in question. */
  readonly told?: (plugin: string, row: number, score: number) => void
  /** The profile's percentageOfNodesToScore; absent or 0: by the number of nodes. */
  readonly percentage?: number
  /** Absent: nobody measures. */
  readonly meter?: CycleMeter
}

/** Why a node or the whole pod was turned down. `unresolvable`: preemption would not help. */
export interface Rejection {
  readonly plugin: string
  readonly reasons: readonly string[]
  readonly unresolvable: boolean
}

/** What every node was rejected for: those that a filter looked at by name, all others alike. */
export interface Rejections {
  readonly byNode: ReadonlyMap<string, Rejection>
  readonly others: Rejection
}

export type PreFilterResult =
  | {
      readonly outcome: 'continue' /** Only these nodes come into question. */
      readonly nodeNames?: ReadonlySet<string>
    }
  | { readonly outcome: 'skip' }
  | { readonly outcome: 'reject'; readonly rejection: Rejection }

/**
 * `ends`: no other plugin need try. `nominate`: the node that the pod waits for; '' withdraws it, undefined leaves it
 * as it is.
 */
export interface PostFilterResult {
  readonly ends: boolean
  readonly nominate?: string
  readonly message?: string
}

export const maxNodeScore = 100

export const goOn: PreFilterResult = { outcome: 'continue' }
export const skip: PreFilterResult = { outcome: 'skip' }

/** A node's or pod's rejection by `plugin`. */
export function reject(plugin: string, reason: string, unresolvable: boolean): Rejection {
  return { plugin, reasons: [reason], unresolvable }
}

/** What a plugin keeps from one extension point to the next, gone with the cycle. */
export interface CycleState<T> {
  of(cycle: Cycle): T
  has(cycle: Cycle): boolean
  keep(cycle: Cycle, value: T): void
}

/** Each plugin makes its own; `of` before `keep` is a mistake of the plugin and throws. */
export function cycleState<T extends object>(): CycleState<T> {
  const values = new WeakMap<Cycle, T>()
  return {
    of(cycle) {
      const value = values.get(cycle)
      if (!value) throw new Error('nothing was kept in this cycle')
      return value
    },
    has: cycle => values.has(cycle),
    keep: (cycle, value) => void values.set(cycle, value),
  }
}
