import type { Lease } from '../../api/types/coordination-v1.gen.ts'
import type { Node, NodeCondition } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { NodeTuning } from '../tuning.ts'

interface Sign {
  readonly renewTime: string | undefined
  readonly heartbeat: string | undefined
  readonly atMs: number
}

/**
 * When each node last gave a sign of life, by our own clock: clocks of nodes may differ. A renewed Lease or a
 * posted status is one.
 */
export class NodeHealth {
  readonly #signs = new Map<string, Sign>()
  readonly #tuning: NodeTuning

  constructor(tuning: NodeTuning) {
    this.#tuning = tuning
  }

  /** Notes what a node shows now; anything new about it counts as alive now. */
  observe(name: string, lease: Lease | undefined, node: Node | undefined, nowMs: number): void {
    const before = this.#signs.get(name)
    const renewTime = lease?.spec?.renewTime ?? before?.renewTime
    const heartbeat = readyCondition(node)?.lastHeartbeatTime ?? before?.heartbeat
    if (before && before.renewTime === renewTime && before.heartbeat === heartbeat) return
    this.#signs.set(name, { renewTime, heartbeat, atMs: nowMs })
  }

  forget(name: string): void {
    this.#signs.delete(name)
  }

  /** Ms until this node counts as silent; 0 or less when it does. */
  graceLeftMs(node: Node, nowMs: number): number {
    const { monitorGraceMs, startupGraceMs } = this.#tuning
    const grace = readyCondition(node) ? monitorGraceMs : startupGraceMs
    return (this.#signs.get(node.metadata.name!)?.atMs ?? nowMs) + grace - nowMs
  }
}

export function readyCondition(node: Node | undefined): NodeCondition | undefined {
  return findCondition(node?.status?.conditions, 'Ready')
}

const watchedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** The conditions of a node of which nothing is heard; undefined when they say so already. */
export function silentConditions(node: Node, nowMs: number): NodeCondition[] | undefined {
  const current = node.status?.conditions ?? []
  if (readyCondition(node)?.status === 'Unknown') return undefined
  const lastTransitionTime = toTimestamp(nowMs)
  const known = current.map(condition =>
    watchedConditions.includes(condition.type) && condition.status !== 'Unknown'
      ? {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime,
        }
      : condition,
  )
  const never = watchedConditions.filter(type => !current.some(condition => condition.type === type))
  const added = never.map(type => ({
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata.creationTimestamp ?? undefined,
    lastTransitionTime,
  }))
  return [...known, ...added]
}
