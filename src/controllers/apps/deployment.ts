import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { isAlreadyExists, isNamespaceTerminating } from '../../client/failure.ts'
import { objectKey } from '../../client/resource.ts'
import {
  type Action,
  create,
  event,
  type Plan,
  remove,
  requeueAfter,
  update,
  updateStatus,
} from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import { controllerUid, type View } from '../../controller/view.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { controllerOf } from '../../machinery/meta/owners.ts'
import { isEverything, labelSelectorFrom } from '../../machinery/selector/index.ts'
import { messageOf } from '../../std/message.ts'
import { deployments, pods, replicaSets } from '../kinds.ts'
import { claim } from '../shared/claim.ts'
import { jsonEqual } from '../shared/equal.ts'
import {
  isScaledUp,
  newReplicaSet,
  type ReplicaSets,
  refreshed,
  revisionAnnotation,
  revisionOf,
  sameTemplate,
  sizeOf,
  sortReplicaSets,
  total,
} from './deployment-replicasets.ts'
import { sizeForCurrent, sizesForRolling } from './deployment-rollout.ts'
import { isScalingEvent, planSizes, sizesForScaling } from './deployment-scale.ts'
import {
  desiredReplicas,
  isRollingUpdate,
  progressDeadlineSeconds,
  revisionHistoryLimit,
} from './deployment-spec.ts'
import {
  countedStatus,
  isComplete,
  type NewCondition,
  rolloutStatus,
  setCondition,
  stuckCheckMs,
} from './deployment-status.ts'

/**
 * Rolls pods from one template to the next through replica sets (upstream pkg/controller/deployment). A plan writes
 * the deployment at most once; what more is to be done follows when that write shows in the view.
 */
export const deploymentController = defineController<Deployment>({
  name: 'deployment',
  identity: 'deployment-controller',
  primary: deployments,
  owns: [{ resource: replicaSets, adopts: deployment => deployment.spec?.selector }],
  watches: [watched(pods, recreatingDeployment, (a, b) => a.status?.phase === b.status?.phase)],
  plan: planDeployment,
})

/** Everything that one plan is made of. */
interface Rollout {
  readonly deployment: Deployment
  readonly sets: ReplicaSets
  readonly view: View
  readonly nowMs: number
}

export function planDeployment(deployment: Deployment, view: View, nowMs: number): Plan {
  const selector = labelSelectorFrom(deployment.spec?.selector)
  if (isEverything(selector)) return selectsAll(deployment)
  const claimed = claim(
    { owner: deployment, ownerResource: deployments, resource: replicaSets, selector },
    view,
  )
  const rollout = { deployment, sets: sortReplicaSets(deployment, claimed.objects), view, nowMs }
  return [...claimed.plan, ...planRollout(rollout)]
}

function planRollout(rollout: Rollout): Plan {
  const { deployment, sets } = rollout
  if (deployment.metadata.deletionTimestamp) return statusIfChanged(rollout, countedStatus)
  const housekeeping = planHousekeeping(rollout)
  if (housekeeping.length > 0) return housekeeping
  if (deployment.spec?.paused || isScalingEvent(deployment, sets)) {
    const cleaning = deployment.spec?.paused ? planCleanup(rollout) : []
    return [
      ...planSizes(deployment, sizesForScaling(deployment, sets)),
      ...cleaning,
      ...statusIfChanged(rollout, countedStatus),
    ]
  }
  return isRollingUpdate(deployment) ? planRolling(rollout) : planRecreate(rollout)
}

function selectsAll(deployment: Deployment): Plan {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.'
  const warning = event(deployments, deployment, { type: 'Warning', reason: 'SelectingAll', message })
  const observedGeneration = deployment.metadata.generation
  if ((deployment.status?.observedGeneration ?? 0) >= (observedGeneration ?? 0)) return [warning]
  return [
    warning,
    updateStatus(deployments, { ...deployment, status: { ...deployment.status, observedGeneration } }),
  ]
}

/** Small writes that come first: paused or resumed, annotations of the current set, the deployment's revision. */
function planHousekeeping({ deployment, sets, nowMs }: Rollout): Plan {
  const { current, old } = sets
  const pausing = pauseCondition(deployment)
  if (pausing) return [withProgress(deployment, pausing, nowMs)]
  if (!current) return []
  const fresh = refreshed(deployment, current, old)
  if (fresh !== current) return [update(replicaSets, fresh)]
  const revision = String(revisionOf(current))
  const { annotations } = deployment.metadata
  if (annotations?.[revisionAnnotation] !== revision) {
    const metadata = {
      ...deployment.metadata,
      annotations: { ...annotations, [revisionAnnotation]: revision },
    }
    // By way of the status: an annotation written to the object itself would be a new generation.
    return [updateStatus(deployments, { ...deployment, metadata })]
  }
  if (progressDeadlineSeconds(deployment) === undefined || progressOf(deployment)) return []
  const message = `Found new replica set "${current.metadata.name}"`
  return [
    withProgress(
      deployment,
      { type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message },
      nowMs,
    ),
  ]
}

function pauseCondition(deployment: Deployment): NewCondition | undefined {
  const reason = progressOf(deployment)?.reason
  if (progressDeadlineSeconds(deployment) === undefined || reason === 'ProgressDeadlineExceeded')
    return undefined
  const paused = deployment.spec?.paused ?? false
  if (paused === (reason === 'DeploymentPaused')) return undefined
  return paused
    ? { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }
    : {
        type: 'Progressing',
        status: 'Unknown',
        reason: 'DeploymentResumed',
        message: 'Deployment is resumed',
      }
}

function planRolling(rollout: Rollout): Plan {
  const { deployment, sets } = rollout
  if (!sets.current) return planNewReplicaSet(rollout)
  const scaling = planSizes(deployment, sizesForRolling(deployment, sets, sets.current))
  const cleaning =
    scaling.length === 0 && isComplete(deployment, deployment.status) ? planCleanup(rollout) : []
  return [...scaling, ...cleaning, ...statusIfChanged(rollout, rolloutStatus)]
}

/** All old pods go before the first new one comes. */
function planRecreate(rollout: Rollout): Plan {
  const { deployment, sets } = rollout
  const status = statusIfChanged(rollout, rolloutStatus)
  const shrinking = planSizes(deployment, new Map(sets.old.filter(isScaledUp).map(set => [set, 0])))
  if (shrinking.length > 0 || hasOldPods(rollout)) return [...shrinking, ...status]
  if (!sets.current) return planNewReplicaSet(rollout)
  const desired = desiredReplicas(deployment)
  const growing =
    sizeOf(sets.current) === desired ? [] : planSizes(deployment, new Map([[sets.current, desired]]))
  const cleaning = isComplete(deployment, deployment.status) ? planCleanup(rollout) : []
  return [...growing, ...cleaning, ...status]
}

function hasOldPods({ sets, view }: Rollout): boolean {
  if (total(sets.old, ({ status }) => status?.replicas) > 0) return true
  const owned = view.store(pods).index(controllerUid)
  return sets.old.some(({ metadata }) => owned.get(metadata.uid ?? '').some(pod => !isFinished(pod)))
}

function planNewReplicaSet(rollout: Rollout): Plan {
  const { deployment, sets, view, nowMs } = rollout
  const unsized = newReplicaSet(deployment, sets.old)
  const replicas = sizeForCurrent(deployment, sets.old, 0)
  const replicaSet = { ...unsized, spec: { ...unsized.spec!, replicas } }
  const { name } = replicaSet.metadata
  const hasDeadline = progressDeadlineSeconds(deployment) !== undefined
  const made: NewCondition = {
    type: 'Progressing',
    status: 'True',
    reason: 'NewReplicaSetCreated',
    message: `Created new replica set "${name}"`,
  }
  const scaledUp = {
    type: 'Normal' as const,
    reason: 'ScalingReplicaSet',
    message: `Scaled up replica set ${name} from 0 to ${replicas}`,
  }
  return [
    create(replicaSets, replicaSet, {
      done: () => [
        ...(replicas > 0 ? [event(deployments, deployment, scaledUp)] : []),
        // That nothing is updated yet must be seen once, or what follows would not look like progress.
        ...(hasDeadline ? [withProgress(withoutUpdated(deployment), made, nowMs)] : []),
      ],
      failed: error =>
        newReplicaSetFailed(
          rollout,
          view.store(replicaSets).get(deployment.metadata.namespace, name!),
          name!,
          error,
        ),
    }),
  ]
}

function newReplicaSetFailed(
  { deployment, nowMs }: Rollout,
  existing: ReplicaSet | undefined,
  name: string,
  error: unknown,
): Plan {
  if (isNamespaceTerminating(error)) return []
  if (isAlreadyExists(error)) return existing ? collided(deployment, existing) : []
  const message = `Failed to create new replica set "${name}": ${messageOf(error)}`
  const warning = event(deployments, deployment, {
    type: 'Warning',
    reason: 'ReplicaSetCreateError',
    message,
  })
  if (progressDeadlineSeconds(deployment) === undefined) return [warning]
  const failed: NewCondition = {
    type: 'Progressing',
    status: 'False',
    reason: 'ReplicaSetCreateError',
    message,
  }
  return [warning, withProgress(deployment, failed, nowMs)]
}

/** Another replica set has the name that the template's hash gives: count it, which gives another hash. */
function collided(deployment: Deployment, existing: ReplicaSet): Plan {
  const ours = controllerUid(existing) === deployment.metadata.uid
  if (ours && sameTemplate(existing.spec?.template, deployment.spec?.template)) return []
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
  return [updateStatus(deployments, { ...deployment, status: { ...deployment.status, collisionCount } })]
}

/** Deletes the oldest replica sets that are empty and beyond the revision history limit. */
function planCleanup({ deployment, sets }: Rollout): Plan {
  const limit = revisionHistoryLimit(deployment)
  if (limit === undefined) return []
  const alive = sets.old.filter(({ metadata }) => !metadata.deletionTimestamp)
  const oldest = alive
    .toSorted((a, b) => (revisionOf(a) < revisionOf(b) ? -1 : 1))
    .slice(0, Math.max(0, alive.length - limit))
  const empty = ({ metadata, status }: ReplicaSet) =>
    (status?.replicas ?? 0) === 0 && (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0)
  return oldest.filter(set => sizeOf(set) === 0 && empty(set)).map(set => remove(replicaSets, set))
}

function statusIfChanged(
  { deployment, sets, nowMs }: Rollout,
  compute: (deployment: Deployment, sets: ReplicaSets, nowMs: number) => DeploymentStatus,
): Plan {
  const status = compute(deployment, sets, nowMs)
  if (!jsonEqual(status, deployment.status)) return [updateStatus(deployments, { ...deployment, status })]
  const checkMs = compute === rolloutStatus ? stuckCheckMs(deployment, status, nowMs) : undefined
  return checkMs === undefined ? [] : [requeueAfter(checkMs)]
}

function withProgress(deployment: Deployment, condition: NewCondition, nowMs: number): Action {
  const conditions = setCondition(deployment.status?.conditions, condition, nowMs)
  return updateStatus(deployments, { ...deployment, status: { ...deployment.status, conditions } })
}

function withoutUpdated({ status, ...deployment }: Deployment): Deployment {
  return { ...deployment, status: { ...status, updatedReplicas: undefined } }
}

function progressOf({ status }: Deployment) {
  return findCondition(status?.conditions, 'Progressing')
}

/** A pod that ends lets its deployment go on when that waits for all old pods to be gone. */
function recreatingDeployment(pod: Pod, store: View['store']): string[] {
  const { namespace } = pod.metadata
  const replicaSet = store(replicaSets).get(namespace, controllerOf(pod)?.name ?? '')
  const deployment = replicaSet && store(deployments).get(namespace, controllerOf(replicaSet)?.name ?? '')
  return deployment && !isRollingUpdate(deployment) ? [objectKey(deployment)] : []
}
