import type { Node } from '../../api/types/core-v1.gen.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import type { NodeTuning } from '../tuning.ts'
import { readyCondition } from './node-health.ts'

export function zoneOf({ metadata }: Node): string {
  const { labels } = metadata
  return `${labels?.['topology.kubernetes.io/region'] ?? ''}:${labels?.['topology.kubernetes.io/zone'] ?? ''}`
}

/** Index projection: the zone of a node that is not ready. */
export function illZoneOf(node: Node): string | undefined {
  return isReady(node) ? undefined : zoneOf(node)
}

/** Index projection: one value for all nodes that are ready. */
export function readinessOf(node: Node): string | undefined {
  return isReady(node) ? 'ready' : undefined
}

/** How many nodes a zone has, and how many of them are not ready. */
interface ZoneCount {
  readonly nodes: number
  readonly ill: number
}

export function countZone(store: ObjectStore<Node>, zone: string): ZoneCount {
  return { nodes: store.index(zoneOf).count(zone), ill: store.index(illZoneOf).count(zone) }
}

/**
 * How fast the nodes of a zone may be emptied (node_lifecycle_controller.go handleDisruption).
 */
export class EvictionPace {
  readonly #lastMs = new Map<string, number>()
  readonly #pausesMs = new Map<string, number>()
  readonly #tuning: NodeTuning

  constructor(tuning: NodeTuning) {
    this.#tuning = tuning
  }

  /** Ms until a node of this zone may be tainted; Infinity while none may. */
  waitMs(zone: string, count: ZoneCount, nowMs: number): number {
    const pauseMs = pauseFor(count, this.#tuning)
    if (pauseMs === Number.POSITIVE_INFINITY) return pauseMs
    const lastMs = this.#lastMs.get(zone)
    return lastMs === undefined ? 0 : Math.max(0, lastMs + pauseMs - nowMs)
  }

  /** Whether the pause between two nodes of this zone is another one than at the last asking. */
  hasChanged(zone: string, count: ZoneCount): boolean {
    const pauseMs = pauseFor(count, this.#tuning)
    if (this.#pausesMs.get(zone) === pauseMs) return false
    this.#pausesMs.set(zone, pauseMs)
    return true
  }

  took(zone: string, nowMs: number): void {
    this.#lastMs.set(zone, nowMs)
  }
}

function pauseFor({ nodes, ill }: ZoneCount, tuning: NodeTuning): number {
  const partial = ill > 2 && ill < nodes && ill / nodes >= tuning.unhealthyShare
  // A rate of nothing is never.
  if (!partial) return 1000 / tuning.evictionsPerSecond
  return nodes > tuning.largeZoneMin ? 1000 / tuning.secondaryEvictionsPerSecond : Number.POSITIVE_INFINITY
}

function isReady(node: Node): boolean {
  return readyCondition(node)?.status === 'True'
}
