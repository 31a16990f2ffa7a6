import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.gen.ts'
import { event, type Plan, update } from '../../controller/actions.ts'
import { deployments, replicaSets } from '../kinds.ts'
import {
  byAge,
  isScaledUp,
  type ReplicaSets,
  rememberedDesired,
  rememberedMax,
  scaleAnnotations,
  sizeOf,
  total,
} from './deployment-replicasets.ts'
import { desiredReplicas, fenceposts, isRollingUpdate } from './deployment-spec.ts'

/** Wanted sizes of some replica sets. */
export type Sizes = ReadonlyMap<ReplicaSet, number>

/** Writes the sizes that differ and says so, one after the other. */
export function planSizes(deployment: Deployment, sizes: Sizes): Plan {
  return [...sizes].flatMap(([replicaSet, size]) => scaleOne(deployment, replicaSet, size))
}

function scaleOne(deployment: Deployment, replicaSet: ReplicaSet, size: number): Plan {
  const from = sizeOf(replicaSet)
  const annotations = { ...replicaSet.metadata.annotations, ...scaleAnnotations(deployment) }
  const stale = Object.entries(annotations).some(
    ([key, value]) => replicaSet.metadata.annotations?.[key] !== value,
  )
  if (from === size && !stale) return []
  const scaled = {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations },
    spec: { ...replicaSet.spec!, replicas: size },
  }
  const message = `Scaled ${from < size ? 'up' : 'down'} replica set ${replicaSet.metadata.name} from ${from} to ${size}`
  const said = event(deployments, deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message })
  return [update(replicaSets, scaled), ...(from === size ? [] : [said])]
}

/** The size was changed since the replica sets were sized last: scaling comes before rolling. */
export function isScalingEvent(deployment: Deployment, { all }: ReplicaSets): boolean {
  return all.filter(isScaledUp).some(replicaSet => {
    const remembered = rememberedDesired(replicaSet)
    return remembered !== undefined && remembered !== desiredReplicas(deployment)
  })
}

/**
 * Sizes after a scaling event or while paused (sync.go scale): the only active replica set takes all; several
 * share in proportion to their size, so that scaling does not drive a rollout on.
 */
export function sizesForScaling(deployment: Deployment, sets: ReplicaSets): Sizes {
  const desired = desiredReplicas(deployment)
  const active = sets.all.filter(isScaledUp)
  const sole = active.length === 1 ? active[0] : (sets.current ?? sets.old.at(-1))
  if (active.length <= 1) return sole && sizeOf(sole) !== desired ? new Map([[sole, desired]]) : new Map()
  if (sets.current && isSaturated(deployment, sets.current))
    return new Map(
      active.filter(replicaSet => replicaSet !== sets.current).map(replicaSet => [replicaSet, 0]),
    )
  return isRollingUpdate(deployment) ? proportionalSizes(deployment, active) : new Map()
}

function isSaturated(deployment: Deployment, current: ReplicaSet): boolean {
  const desired = desiredReplicas(deployment)
  return (
    sizeOf(current) === desired &&
    rememberedDesired(current) === desired &&
    current.status?.availableReplicas === desired
  )
}

function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const desired = desiredReplicas(deployment)
  const allowed = desired > 0 ? desired + fenceposts(deployment).maxSurge : 0
  const toAdd = allowed - total(active, sizeOf)
  // Growing favours newer sets of a size, shrinking older ones.
  const ageOrder = toAdd > 0 ? -1 : 1
  const ordered = active.toSorted((a, b) => sizeOf(b) - sizeOf(a) || ageOrder * byAge(a, b))
  const sizes = new Map<ReplicaSet, number>()
  let added = 0
  for (const replicaSet of ordered) {
    const share = proportion(deployment, replicaSet, toAdd, added)
    added += share
    sizes.set(replicaSet, sizeOf(replicaSet) + share)
  }
  const largest = ordered[0]!
  if (toAdd !== 0) sizes.set(largest, Math.max(0, sizes.get(largest)! + toAdd - added))
  return sizes
}

function proportion(deployment: Deployment, replicaSet: ReplicaSet, toAdd: number, added: number): number {
  if (toAdd === 0 || toAdd === added) return 0
  const fraction = fractionOf(deployment, replicaSet)
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added)
}

function fractionOf(deployment: Deployment, replicaSet: ReplicaSet): number {
  const size = sizeOf(replicaSet)
  const desired = desiredReplicas(deployment)
  if (desired === 0) return -size
  const before = rememberedMax(replicaSet) || deployment.status?.replicas || 0
  if (before === 0) return 0
  return Math.round((size * (desired + fenceposts(deployment).maxSurge)) / before) - size
}
