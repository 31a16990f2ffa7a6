import { strategicPatch } from '../../client/client.ts'
import type { ResourceRef } from '../../client/resource.ts'
import { type Action, confirm, type Plan, patch, together } from '../../controller/actions.ts'
import type { View } from '../../controller/view.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { type LabelSelector, matchesLabels } from '../../machinery/selector/index.ts'
import { controllerReference } from './owner.ts'

export interface Claim<O extends KubeObject, R extends KubeObject> {
  readonly owner: O
  readonly ownerResource: ResourceRef<O>
  readonly resource: ResourceRef<R>
  readonly selector: LabelSelector
  /** Objects for which this is false are left alone. */
  readonly eligible?: (object: R) => boolean
  /** Comes and goes with the ownership. */
  readonly finalizer?: string
}

export interface Claimed<R> {
  /** Ours, those that the plan adopts included. */
  readonly objects: readonly R[]
  /** Adoptions and releases; runs before anything else. */
  readonly plan: Plan
}

/**
 * Adopts selected orphans and releases owned objects that are not selected any more, as upstream's
 * controller_ref_manager.go does. An owner that is being deleted keeps what it has and adopts nothing.
 */
export function claim<O extends KubeObject, R extends KubeObject>(
  wanted: Claim<O, R>,
  view: View,
): Claimed<R> {
  const { owner, ownerResource, resource, selector, eligible = () => true } = wanted
  const selected = (object: R) => matchesLabels(selector, object.metadata.labels)
  const deleting = owner.metadata.deletionTimestamp !== undefined
  const owned = view.owned(resource).filter(eligible)
  const kept = owned.filter(selected)
  if (deleting) return { objects: kept, plan: [] }
  const adoptable = (object: R) => selected(object) && eligible(object) && !object.metadata.deletionTimestamp
  const adopted = view.orphans(resource).filter(adoptable)
  const released = owned.filter(object => !selected(object))
  const adoptions = adopted.map(object => adopt(wanted, object))
  const releases = released.map(object => release(wanted, object))
  const plan: Action[] = []
  if (adoptions.length > 0) plan.push(confirm(ownerResource, owner))
  if (adoptions.length + releases.length > 0) plan.push(together([...adoptions, ...releases]))
  return { objects: [...kept, ...adopted], plan }
}

function adopt<O extends KubeObject, R extends KubeObject>(
  { owner, ownerResource, resource, finalizer }: Claim<O, R>,
  object: R,
): Action {
  const ownerReferences = [controllerReference(ownerResource, owner)]
  const finalizers = finalizer ? { finalizers: [finalizer] } : {}
  const body = { metadata: { ownerReferences, uid: object.metadata.uid, ...finalizers } }
  return patch(resource, object, { type: strategicPatch, body })
}

function release<O extends KubeObject, R extends KubeObject>(
  { owner, resource, finalizer }: Claim<O, R>,
  object: R,
): Action {
  const ownerReferences = [{ $patch: 'delete', uid: owner.metadata.uid }]
  const finalizers = finalizer ? { '$deleteFromPrimitiveList/finalizers': [finalizer] } : {}
  const body = { metadata: { ownerReferences, uid: object.metadata.uid, ...finalizers } }
  return patch(resource, object, { type: strategicPatch, body })
}
