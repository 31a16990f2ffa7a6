import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../api/types/apps-v1.gen.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { withoutCondition } from '../shared/conditions.ts'
import { orAbsent } from '../shared/count.ts'
import { type ReplicaSets, sizeOf, total } from './deployment-replicasets.ts'
import { desiredReplicas, fenceposts, progressDeadlineSeconds } from './deployment-spec.ts'

export type NewCondition = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>

/** Sets a condition; one with the same status and reason stays, one with the same status keeps its transition time. */
export function setCondition(
  conditions: readonly DeploymentCondition[] | undefined,
  wanted: NewCondition,
  nowMs: number,
): DeploymentCondition[] {
  const current = findCondition(conditions, wanted.type)
  if (current?.status === wanted.status && current.reason === wanted.reason) return [...conditions!]
  return [...withoutCondition(conditions, wanted.type), stamped(wanted, current, nowMs)]
}

function stamped(
  wanted: NewCondition,
  current: DeploymentCondition | undefined,
  nowMs: number,
): DeploymentCondition {
  const now = toTimestamp(nowMs)
  const lastTransitionTime = current?.status === wanted.status ? current.lastTransitionTime : now
  return { ...wanted, lastUpdateTime: now, lastTransitionTime }
}

/** Counts and the Available condition (sync.go calculateStatus). */
export function countedStatus(deployment: Deployment, sets: ReplicaSets, nowMs: number): DeploymentStatus {
  const { all, current } = sets
  const available = total(all, ({ status }) => status?.availableReplicas)
  const enough = available >= desiredReplicas(deployment) - fenceposts(deployment).maxUnavailable
  const availability: NewCondition = enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: orAbsent(total(all, ({ status }) => status?.replicas)),
    updatedReplicas: orAbsent(current?.status?.replicas ?? 0),
    readyReplicas: orAbsent(total(all, ({ status }) => status?.readyReplicas)),
    availableReplicas: orAbsent(available),
    unavailableReplicas: orAbsent(Math.max(0, total(all, sizeOf) - available)),
    terminatingReplicas: terminating(all),
    collisionCount: deployment.status?.collisionCount,
    conditions: setCondition(deployment.status?.conditions, availability, nowMs),
  }
}

/** The same with how the rollout goes (progress.go syncRolloutStatus). */
export function rolloutStatus(deployment: Deployment, sets: ReplicaSets, nowMs: number): DeploymentStatus {
  const counted = countedStatus(deployment, sets, nowMs)
  const conditions = withFailures(progress(deployment, counted, sets, nowMs), sets, nowMs)
  return { ...counted, conditions }
}

function progress(
  deployment: Deployment,
  status: DeploymentStatus,
  sets: ReplicaSets,
  nowMs: number,
): DeploymentCondition[] {
  const conditions = status.conditions!
  if (progressDeadlineSeconds(deployment) === undefined) return withoutCondition(conditions, 'Progressing')
  const current = findCondition(conditions, 'Progressing')
  const rolledOut = status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable'
  if (rolledOut) return conditions
  const what = sets.current
    ? `ReplicaSet "${sets.current.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`
  const condition = (truth: string, reason: string, does: string) => ({
    type: 'Progressing',
    status: truth,
    reason,
    message: `${what} ${does}.`,
  })
  if (isComplete(deployment, status))
    return setCondition(
      conditions,
      condition('True', 'NewReplicaSetAvailable', 'has successfully progressed'),
      nowMs,
    )
  // Progress moves lastUpdateTime though status and reason stay: the deadline counts from there.
  if (hasProgressed(deployment.status ?? {}, status))
    return [
      ...withoutCondition(conditions, 'Progressing'),
      stamped(condition('True', 'ReplicaSetUpdated', 'is progressing'), current, nowMs),
    ]
  if (isTimedOut(deployment, current, nowMs))
    return setCondition(
      conditions,
      condition('False', 'ProgressDeadlineExceeded', 'has timed out progressing'),
      nowMs,
    )
  return conditions
}

/** Everything is on the new template, nothing of the old is left and all of it is available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const desired = desiredReplicas(deployment)
  return (
    (status?.updatedReplicas ?? 0) === desired &&
    (status?.replicas ?? 0) === desired &&
    (status?.availableReplicas ?? 0) === desired &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

function isTimedOut(
  deployment: Deployment,
  condition: DeploymentCondition | undefined,
  nowMs: number,
): boolean {
  if (!condition || condition.reason === 'NewReplicaSetAvailable') return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  return deadlineMs(deployment, condition) < nowMs
}

function deadlineMs(deployment: Deployment, condition: DeploymentCondition): number {
  return (fromTimestamp(condition.lastUpdateTime) ?? 0) + progressDeadlineSeconds(deployment)! * 1000
}

/** When a rollout that stands still must be looked at again, ms from now; undefined when it need not be. */
export function stuckCheckMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const condition = findCondition(status.conditions, 'Progressing')
  if (progressDeadlineSeconds(deployment) === undefined || !condition) return undefined
  if (isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return undefined
  return Math.max(0, deadlineMs(deployment, condition) - nowMs) + 1000
}

/** A failure of the new replica set, else one of an old set, shows on the deployment. */
function withFailures(
  conditions: DeploymentCondition[],
  { all, current }: ReplicaSets,
  nowMs: number,
): DeploymentCondition[] {
  const candidates = [...(current ? [current] : []), ...all]
  const failure = candidates.map(failureOf).find(found => found !== undefined)
  if (!failure) return withoutCondition(conditions, 'ReplicaFailure')
  const shown = setCondition(conditions, failure, nowMs)
  return shown.map(condition =>
    condition.type === failure.type
      ? {
          ...condition,
          lastUpdateTime: failure.lastTransitionTime,
          lastTransitionTime: failure.lastTransitionTime,
        }
      : condition,
  )
}

function failureOf({ status }: ReplicaSet): DeploymentCondition | undefined {
  return findCondition(status?.conditions, 'ReplicaFailure')
}

/** Unknown while a replica set that was observed does not say. */
function terminating(all: readonly ReplicaSet[]): number | undefined {
  const unknown = all.some(
    ({ status }) => status?.observedGeneration && status.terminatingReplicas === undefined,
  )
  return unknown ? undefined : total(all, ({ status }) => status?.terminatingReplicas)
}
