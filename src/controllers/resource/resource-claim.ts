import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { ResourceClaim, ResourceClaimConsumerReference } from '../../api/types/resource-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { objectKey } from '../../client/resource.ts'
import { type Plan, patch, remove, updateStatus } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import { controllerOf } from '../../machinery/meta/owners.ts'
import { pods, resourceClaims } from '../kinds.ts'
import { claimKeysOf } from './pod-claims.ts'

const finalizer = 'resource.kubernetes.io/delete-protection'

/** Frees resource claims of their former users, and deletes those that were made for one pod (upstream pkg/controller/resourceclaim). */
export const resourceClaimController = defineController<ResourceClaim>({
  name: 'resourceclaim',
  identity: 'resource-claim-controller',
  primary: resourceClaims,
  watches: [watched(pods, claimsOf, (a, b) => isDone(a) === isDone(b))],
  plan: planResourceClaim,
})

/** Those that it uses, and those that were made for it. */
function claimsOf(pod: Pod, store: View['store']): string[] {
  if (!pod.spec?.resourceClaims) return []
  const owned = store(resourceClaims)
    .list(pod.metadata.namespace)
    .filter(claim => controllerOf(claim)?.uid === pod.metadata.uid)
  return [...claimKeysOf(pod), ...owned.map(objectKey)]
}

function isDone(pod: Pod): boolean {
  return isFinished(pod) || (pod.metadata.deletionTimestamp !== undefined && !pod.spec?.nodeName)
}

export function planResourceClaim(claim: ResourceClaim, view: View): Plan {
  const { reservedFor: reserved = [], allocation } = claim.status ?? {}
  const users = reserved.filter(consumer => isUsed(claim, consumer, view))
  const isLeaving = claim.metadata.deletionTimestamp !== undefined
  const isHeld = claim.metadata.finalizers?.includes(finalizer) ?? false
  const freed = users.length < reserved.length
  const releases = isHeld && users.length === 0 && (freed || isLeaving)
  const status = {
    ...claim.status,
    reservedFor: users.length > 0 ? users : undefined,
    allocation: releases ? undefined : allocation,
  }
  // Before it allocates the scheduler holds a claim: only what we free ourselves is let go.
  const body = { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer] } }
  const plan = [
    ...(freed || (releases && allocation) ? [updateStatus(resourceClaims, { ...claim, status })] : []),
    ...(releases ? [patch(resourceClaims, claim, { type: strategicPatch, body })] : []),
  ]
  if (plan.length > 0) return plan
  return users.length === 0 && isAbandoned(claim, view) ? [remove(resourceClaims, claim)] : []
}

function isUsed(
  { metadata }: ResourceClaim,
  { apiGroup, resource, name, uid }: ResourceClaimConsumerReference,
  view: View,
): boolean {
  // Whoever else uses claims looks after them.
  if (apiGroup || resource !== 'pods') return true
  const pod = view.store(pods).get(metadata.namespace, name)
  return pod?.metadata.uid === uid && !isDone(pod)
}

/** It was made for a pod that will not use it any more; when the pod is gone, garbage collection takes it. */
function isAbandoned(claim: ResourceClaim, view: View): boolean {
  const owner = controllerOf(claim)
  if (claim.metadata.deletionTimestamp || owner?.kind !== 'Pod' || owner.apiVersion !== 'v1') return false
  const pod = view.store(pods).get(claim.metadata.namespace, owner.name)
  return pod !== undefined && (pod.metadata.uid !== owner.uid || isDone(pod))
}
