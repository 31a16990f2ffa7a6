import { claimName } from '../../../api/core/claims.ts'
import { persistentVolumeClaims } from '../../../api/core/persistent-volume-claim.ts'
import type { PersistentVolumeClaim, Pod } from '../../../api/types/core-v1.gen.ts'
import { controllerOf } from '../../../machinery/meta/owners.ts'
import type { QueueingHint } from '../../framework/events.ts'
import type { Lists } from '../../framework/handle.ts'

/** The claims of a pod that are there. */
export function claimsOf(lists: Lists, pod: Pod): PersistentVolumeClaim[] {
  const store = lists.of(persistentVolumeClaims)
  return (pod.spec?.volumes ?? []).flatMap(volume => {
    const name = claimName(pod, volume)
    return (name && store.get(pod.metadata.namespace, name)) || []
  })
}

export function hasClaims(pod: Pod): boolean {
  return (pod.spec?.volumes ?? []).some(volume => claimName(pod, volume) !== undefined)
}

/** Why the claims of a pod do not let it be scheduled at all (volume_binding.go podHasPVCs). */
export function claimTrouble(lists: Lists, pod: Pod): string | undefined {
  const { namespace, name, uid } = pod.metadata
  for (const volume of pod.spec?.volumes ?? []) {
    const wanted = claimName(pod, volume)
    if (wanted === undefined) continue
    const claim = lists.of(persistentVolumeClaims).get(namespace, wanted)
    if (!claim) {
      return volume.ephemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${wanted}"`
        : `persistentvolumeclaim "${wanted}" not found`
    }
    if (claim.status?.phase === 'Lost')
      return `persistentvolumeclaim "${wanted}" bound to non-existent persistentvolume "${claim.spec?.volumeName}"`
    if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${wanted}" is being deleted`
    const owner = controllerOf(claim)
    if (volume.ephemeral && owner?.uid !== uid)
      return `PVC ${namespace}/${wanted} was not created for pod ${namespace}/${name} (pod is not owner)`
  }
  return undefined
}

/** A claim of the waiting pod came or changed. */
export const ownClaimChanged: QueueingHint = {
  kind: 'object',
  plural: persistentVolumeClaims.plural,
  helps: (pod, { object }) =>
    object !== undefined &&
    object.metadata.namespace === pod.metadata.namespace &&
    (pod.spec?.volumes ?? []).some(volume => claimName(pod, volume) === object.metadata.name),
}

/** Any object of this kind came or changed: rare enough to try again. */
export function anyChanged(plural: string): QueueingHint {
  return { kind: 'object', plural, helps: (_, { object }) => object !== undefined }
}
