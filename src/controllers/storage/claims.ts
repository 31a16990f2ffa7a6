import { claimName } from '../../api/core/claims.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import { toKey } from '../../client/resource.ts'
import { controllerOf } from '../../machinery/meta/owners.ts'

/** Keys of all claims of a pod. */
export function claimsOfPod(pod: Pod): string[] {
  const names = (pod.spec?.volumes ?? []).flatMap(volume => claimName(pod, volume) ?? [])
  return names.map(name => toKey(pod.metadata.namespace, name))
}

/** A claim of this name may have been there before the pod. */
export function wasMadeFor({ metadata }: Pod, claim: PersistentVolumeClaim): boolean {
  return metadata.namespace === claim.metadata.namespace && controllerOf(claim)?.uid === metadata.uid
}
