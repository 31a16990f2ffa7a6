import type { StatefulSet } from '../../api/types/apps-v1.gen.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import { isAlreadyExists } from '../../client/failure.ts'
import {
  type Action,
  attempt,
  create,
  event,
  type Plan,
  remove,
  requeueAfter,
  update,
} from '../../controller/actions.ts'
import type { View } from '../../controller/view.ts'
import { messageOf } from '../../std/message.ts'
import { persistentVolumeClaims, pods, statefulSets } from '../kinds.ts'
import { leavingClaim, missingClaims, planClaimOwners } from './statefulset-claims.ts'
import { hasIdentity, withIdentity } from './statefulset-identity.ts'

type Verb = 'Create' | 'Update' | 'Delete'

const claimRetryMs = 1_000

/** Says how a write of a pod went, in upstream's words (stateful_pod_control.go recordPodEvent). */
function podEvent(verb: Verb, set: StatefulSet, pod: Pod, error?: unknown): Action {
  const what = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
  return error === undefined
    ? event(statefulSets, set, {
        type: 'Normal',
        reason: `Successful${verb}`,
        message: `${what} successful`,
      })
    : event(statefulSets, set, {
        type: 'Warning',
        reason: `Failed${verb}`,
        message: `${what} failed error: ${messageOf(error)}`,
      })
}

function createClaim(set: StatefulSet, pod: Pod, claim: PersistentVolumeClaim): Action {
  const what = `Create Claim ${claim.metadata.name} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
  const say = (type: 'Normal' | 'Warning', reason: string, message: string) => [
    event(statefulSets, set, { type, reason, message }),
  ]
  return create(persistentVolumeClaims, claim, {
    done: () => say('Normal', 'SuccessfulCreate', `${what} success`),
    failed: error =>
      isAlreadyExists(error)
        ? []
        : say('Warning', 'FailedCreate', `${what} failed error: ${messageOf(error)}`),
  })
}

/** The claims of a pod that are missing, and their owners. */
export function planClaims(set: StatefulSet, pod: Pod, view: View): Plan {
  const missing = missingClaims(set, pod, view).map(claim => createClaim(set, pod, claim))
  return [...missing, ...planClaimOwners(set, pod, view)]
}

/** First the claims, then the pod. */
export function createStatefulPod(set: StatefulSet, pod: Pod, view: View): Action {
  const leaving = leavingClaim(set, pod, view)
  if (leaving) {
    const error = new Error(`pvc ${leaving.metadata.name} is being deleted`)
    return attempt([], () => [podEvent('Create', set, pod, error), requeueAfter(claimRetryMs)])
  }
  const claims = missingClaims(set, pod, view).map(claim => createClaim(set, pod, claim))
  return attempt([...claims, create(pods, pod)], ([error]) =>
    isAlreadyExists(error) ? [] : [podEvent('Create', set, pod, error)],
  )
}

export function deleteStatefulPod(set: StatefulSet, pod: Pod): Action {
  return remove(
    pods,
    pod,
    {},
    {
      done: () => [podEvent('Delete', set, pod)],
      failed: error => [podEvent('Delete', set, pod, error)],
    },
  )
}

/** Gives a pod's claims the owners that they should have, and the pod the labels and volumes of its number. */
export function repairStatefulPod(set: StatefulSet, pod: Pod, claimOwners: Plan): Action {
  const identity = hasIdentity(set, pod) ? [] : [update(pods, withIdentity(set, pod))]
  return attempt([...claimOwners, ...identity], ([error]) => [podEvent('Update', set, pod, error)])
}
