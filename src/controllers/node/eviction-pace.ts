import type { Node } from '../../api/types/core-v1.gen.ts'
import { readyCondition } from './node-health.ts'

/** kube-controller-manager --node-eviction-rate 0.1/s, --secondary-node-eviction-rate 0.01/s. */
const normalPauseMs = 10_000
const disruptedPauseMs = 100_000
/** --large-cluster-size-threshold: in a smaller zone nothing is evicted while most of it is ill. */
const largeZoneMin = 50
/** --unhealthy-zone-threshold. */
const unhealthyShare = 0.55

export function zoneOf({ metadata }: Node): string {
  const { labels } = metadata
  return `${labels?.['topology.kubernetes.io/region'] ?? ''}:${labels?.['topology.kubernetes.io/zone'] ?? ''}`
}

/**
 * How fast the nodes of a zone may be emptied (node_lifecycle_controller.go handleDisruption).
 */
export class EvictionPace {
  readonly #lastMs = new Map<string, number>()

  /** Ms until a node of this zone may be tainted; Infinity while none may. */
  waitMs(node: Node, all: readonly Node[], nowMs: number): number {
    const zone = zoneOf(node)
    const pauseMs = pauseFor(all.filter(other => zoneOf(other) === zone))
    if (pauseMs === Number.POSITIVE_INFINITY) return pauseMs
    const lastMs = this.#lastMs.get(zone)
    return lastMs === undefined ? 0 : Math.max(0, lastMs + pauseMs - nowMs)
  }

  took(zone: string, nowMs: number): void {
    this.#lastMs.set(zone, nowMs)
  }
}

function pauseFor(zone: readonly Node[]): number {
  const ill = zone.filter(node => !isReady(node)).length
  const partial = ill > 2 && ill < zone.length && ill / zone.length >= unhealthyShare
  if (!partial) return normalPauseMs
  return zone.length > largeZoneMin ? disruptedPauseMs : Number.POSITIVE_INFINITY
}

/** When no node at all is ready, the fault is more likely ours than theirs: nothing is evicted. */
export function isAnyReady(all: readonly Node[]): boolean {
  return all.some(isReady)
}

function isReady(node: Node): boolean {
  return readyCondition(node)?.status === 'True'
}
