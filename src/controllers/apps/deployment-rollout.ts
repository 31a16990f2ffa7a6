import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.gen.ts'
import { byAge, isScaledUp, type ReplicaSets, sizeOf, total } from './deployment-replicasets.ts'
import type { Sizes } from './deployment-scale.ts'
import { desiredReplicas, fenceposts, isRollingUpdate } from './deployment-spec.ts'

/** The size that the current replica set may grow to now (deployment_util.go NewRSNewReplicas). */
export function sizeForCurrent(deployment: Deployment, all: readonly ReplicaSet[], size: number): number {
  const desired = desiredReplicas(deployment)
  if (!isRollingUpdate(deployment)) return desired
  const room = desired + fenceposts(deployment).maxSurge - total(all, sizeOf)
  return room <= 0 ? size : size + Math.min(room, desired - size)
}

/** One step of a rolling update: the new set grows where surge allows, else old ones shrink where availability allows. */
export function sizesForRolling(deployment: Deployment, sets: ReplicaSets, current: ReplicaSet): Sizes {
  const desired = desiredReplicas(deployment)
  const size = sizeOf(current)
  const wanted = size > desired ? desired : size < desired ? sizeForCurrent(deployment, sets.all, size) : size
  if (wanted !== size) return new Map([[current, wanted]])
  return sizesForOld(deployment, sets, current)
}

/**
 * Old sets give up their unhealthy pods first: that costs no availability. What remains shrinks as far as
 * enough pods stay available. Pods of the new set that are not available yet count as missing.
 */
function sizesForOld(deployment: Deployment, sets: ReplicaSets, current: ReplicaSet): Sizes {
  const old = sets.old.filter(isScaledUp).toSorted(byAge)
  const sizes = new Map(old.map(replicaSet => [replicaSet, sizeOf(replicaSet)]))
  if (old.length === 0) return sizes
  const minAvailable = desiredReplicas(deployment) - fenceposts(deployment).maxUnavailable
  const unavailable = sizeOf(current) - availableOf(current)
  const removable = total(sets.all, sizeOf) - minAvailable - unavailable
  if (removable <= 0) return new Map()
  shrink(sizes, removable, (replicaSet, size) => size - availableOf(replicaSet))
  const available = total([...old, current], availableOf)
  shrink(sizes, available - minAvailable, (_, size) => size)
  return new Map([...sizes].filter(([replicaSet, size]) => size !== sizeOf(replicaSet)))
}

/** Takes up to `budget` replicas away, from the first set on, from each at most what `spare` says. */
function shrink(
  sizes: Map<ReplicaSet, number>,
  budget: number,
  spare: (replicaSet: ReplicaSet, size: number) => number,
): void {
  let left = budget
  for (const [replicaSet, size] of sizes) {
    if (left <= 0) return
    const taken = Math.max(0, Math.min(left, spare(replicaSet, size)))
    sizes.set(replicaSet, size - taken)
    left -= taken
  }
}

function availableOf({ status }: ReplicaSet): number {
  return status?.availableReplicas ?? 0
}
