import type { Deployment } from '../../api/types/apps-v1.gen.ts'
import { scaledValue } from '../shared/scaled.ts'

/** Surge and unavailability of a rolling update in pods; both 0 for Recreate (deployment_util.go ResolveFenceposts). */
export function fenceposts(deployment: Deployment): {
  readonly maxSurge: number
  readonly maxUnavailable: number
} {
  if (!isRollingUpdate(deployment)) return { maxSurge: 0, maxUnavailable: 0 }
  const desired = desiredReplicas(deployment)
  const { maxSurge = 0, maxUnavailable = 0 } = deployment.spec?.strategy?.rollingUpdate ?? {}
  const surge = scaledValue(maxSurge, desired, Math.ceil)
  const unavailable = scaledValue(maxUnavailable, desired, Math.floor)
  // Both zero would never get anywhere.
  const floor = surge === 0 && unavailable === 0 ? 1 : unavailable
  return { maxSurge: surge, maxUnavailable: desired === 0 ? 0 : Math.min(floor, desired) }
}

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec?.replicas ?? 1
}

/** int32's largest value stands for "never". */
const never = 2 ** 31 - 1

export function progressDeadlineSeconds(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds
  return seconds === never ? undefined : seconds
}

export function revisionHistoryLimit(deployment: Deployment): number | undefined {
  const limit = deployment.spec?.revisionHistoryLimit
  return limit === never ? undefined : limit
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec?.strategy?.type !== 'Recreate'
}
