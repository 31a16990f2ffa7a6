import type { StatefulSet } from '../../api/types/apps-v1.gen.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import type { ResourceName } from '../../client/resource.ts'
import { type Action, event, type Plan, update } from '../../controller/actions.ts'
import type { View } from '../../controller/view.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject, OwnerReference } from '../../machinery/meta/object.ts'
import { persistentVolumeClaims, pods, statefulSets } from '../kinds.ts'
import { controllerReference } from '../shared/owner.ts'
import { claimsOf, isWanted, ordinalOf } from './statefulset-identity.ts'

/** Who shall own the claims of a pod under the set's retention policy (stateful_set_utils.go). */
interface Ownership {
  readonly bySet: boolean
  readonly byPod: boolean
}

function ownership(set: StatefulSet, pod: Pod): Ownership {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } =
    set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  const byPod = whenScaled === 'Delete' && !isWanted(pod, set)
  return { bySet: whenDeleted === 'Delete' && !byPod, byPod }
}

function retainsAll({ spec }: StatefulSet): boolean {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = spec?.persistentVolumeClaimRetentionPolicy ?? {}
  return whenDeleted === 'Retain' && whenScaled === 'Retain'
}

/** The claims of a pod that are there. */
function existingClaims(set: StatefulSet, pod: Pod, view: View): readonly PersistentVolumeClaim[] {
  const store = view.store(persistentVolumeClaims)
  return [...claimsOf(set, ordinalOf(pod)).values()].flatMap(
    ({ metadata }) => store.get(metadata.namespace, metadata.name!) ?? [],
  )
}

/** The claims of a pod that are not there. */
export function missingClaims(set: StatefulSet, pod: Pod, view: View): readonly PersistentVolumeClaim[] {
  const store = view.store(persistentVolumeClaims)
  const wanted = [...claimsOf(set, ordinalOf(pod)).values()]
  return wanted.filter(({ metadata }) => !store.get(metadata.namespace, metadata.name!))
}

/** The first claim of a pod that is on its way out: the pod must wait for it. */
export function leavingClaim(set: StatefulSet, pod: Pod, view: View): PersistentVolumeClaim | undefined {
  return existingClaims(set, pod, view).find(({ metadata }) => metadata.deletionTimestamp)
}

/** A claim is still owned by a former pod of this name, with which it will go. */
export function hasStaleClaim(set: StatefulSet, pod: Pod, view: View): boolean {
  const { whenScaled = 'Retain' } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  if (whenScaled === 'Retain') return false
  return existingClaims(set, pod, view).some(claim => hasStaleOwner(claim, pods, pod))
}

/** Gives the claims of a pod the owners that the retention policy asks for. */
export function planClaimOwners(set: StatefulSet, pod: Pod, view: View): Plan {
  return existingClaims(set, pod, view).flatMap(claim => {
    const conflicting = conflicts(claim, set, pod)
    if (isUpToDate(claim, set, pod, conflicting)) return []
    const ownerReferences = ownersFor(claim, set, pod, conflicting)
    const owned = { ...claim, metadata: { ...claim.metadata, ownerReferences } }
    return [...(conflicting ? [warn(set, claim)] : []), update(persistentVolumeClaims, owned)]
  })
}

function warn(set: StatefulSet, { metadata }: PersistentVolumeClaim): Action {
  const message = `PersistentVolumeClaim ${metadata.name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`
  return event(statefulSets, set, { type: 'Warning', reason: 'ConflictingController', message })
}

function isUpToDate(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod, conflicting: boolean): boolean {
  if (hasStaleOwner(claim, statefulSets, set) || hasStaleOwner(claim, pods, pod)) return true
  const owners = claim.metadata.ownerReferences ?? []
  const ours = owners.filter(({ uid }) => uid === set.metadata.uid || uid === pod.metadata.uid)
  if (conflicting) return ours.length === 0
  if (ours.some(({ controller }) => !controller)) return false
  const wanted = ownership(set, pod)
  return (
    wanted.bySet === ours.some(({ uid }) => uid === set.metadata.uid) &&
    wanted.byPod === ours.some(({ uid }) => uid === pod.metadata.uid)
  )
}

function ownersFor(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: Pod,
  conflicting: boolean,
): OwnerReference[] {
  const others = (claim.metadata.ownerReferences ?? []).filter(
    reference => !refersTo(reference, statefulSets, set) && !refersTo(reference, pods, pod),
  )
  if (conflicting) return others
  const { bySet, byPod } = ownership(set, pod)
  return [
    ...others,
    ...(byPod ? [controllerReference(pods, pod)] : []),
    ...(bySet ? [controllerReference(statefulSets, set)] : []),
  ]
}

/** Somebody else manages the claim. */
function conflicts({ metadata }: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  if (retainsAll(set)) return false
  return (metadata.ownerReferences ?? []).some(reference => {
    if (refersTo(reference, statefulSets, set)) return reference.uid !== set.metadata.uid
    if (refersTo(reference, pods, pod)) return reference.uid !== pod.metadata.uid
    return reference.controller === true
  })
}

function hasStaleOwner(
  { metadata }: PersistentVolumeClaim,
  resource: ResourceName,
  owner: KubeObject,
): boolean {
  const reference = metadata.ownerReferences?.find(candidate => refersTo(candidate, resource, owner))
  return reference !== undefined && reference.uid !== owner.metadata.uid
}

/** By kind and name, whatever the uid. */
function refersTo(
  { apiVersion, kind, name }: OwnerReference,
  resource: ResourceName,
  owner: KubeObject,
): boolean {
  return (
    kind === resource.kind &&
    name === owner.metadata.name &&
    apiVersion === toApiVersion(resource.group, resource.version)
  )
}
