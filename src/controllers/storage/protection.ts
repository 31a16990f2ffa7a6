import { claimName } from '../../api/core/claims.ts'
import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import type { VolumeAttributesClass } from '../../api/types/storage-v1.gen.ts'
import { objectKey, type ResourceRef } from '../../client/resource.ts'
import { type Plan, update } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import { informerStores, type View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { persistentVolumeClaims, persistentVolumes, pods, volumeAttributesClasses } from '../kinds.ts'
import { claimsOfPod, wasMadeFor } from './claims.ts'

interface Protection<T extends KubeObject> {
  readonly resource: ResourceRef<T>
  readonly finalizer: string
  readonly isUsed: (object: T) => boolean
}

/** What is in use keeps its finalizer until its last user is gone; what is new gets one. */
function protect<T extends KubeObject>({ resource, finalizer, isUsed }: Protection<T>, object: T): Plan {
  const { finalizers = [], deletionTimestamp } = object.metadata
  const isHeld = finalizers.includes(finalizer)
  const write = (wanted: string[]) => [
    update(resource, { ...object, metadata: { ...object.metadata, finalizers: wanted } }),
  ]
  if (!deletionTimestamp) return isHeld ? [] : write([...finalizers, finalizer])
  return isHeld && !isUsed(object) ? write(finalizers.filter(name => name !== finalizer)) : []
}

/** Upstream pkg/controller/volume/pvprotection. */
export const volumeProtection = defineController<PersistentVolume>({
  name: 'pv-protection',
  identity: 'pv-protection-controller',
  primary: persistentVolumes,
  plan: volume =>
    protect(
      {
        resource: persistentVolumes,
        finalizer: 'kubernetes.io/pv-protection',
        isUsed: ({ status }) => status?.phase === 'Bound',
      },
      volume,
    ),
})

/** Upstream pkg/controller/volume/vacprotection. */
export const attributesClassProtection = defineController<VolumeAttributesClass>({
  name: 'volumeattributesclass-protection',
  identity: 'volumeattributesclass-protection-controller',
  primary: volumeAttributesClasses,
  watches: [
    watched(persistentVolumeClaims, claim => attributesOfClaim(claim)),
    watched(persistentVolumes, ({ spec }) => namesOf(spec?.volumeAttributesClassName)),
  ],
  plan: (attributesClass, view) =>
    protect(
      {
        resource: volumeAttributesClasses,
        finalizer: 'kubernetes.io/vac-protection',
        isUsed: ({ metadata }) =>
          view.store(persistentVolumeClaims).index(attributesOfClaim).get(metadata.name!).length > 0 ||
          view.store(persistentVolumes).index(attributesOfVolume).get(metadata.name!).length > 0,
      },
      attributesClass,
    ),
})

function namesOf(...names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name): name is string => Boolean(name)))]
}

function attributesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  const target = status?.modifyVolumeStatus?.targetVolumeAttributesClassName
  return namesOf(spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, target)
}

function attributesOfVolume({ spec }: PersistentVolume): string[] {
  return namesOf(spec?.volumeAttributesClassName)
}

/**
 * Upstream pkg/controller/volume/pvcprotection. The view may lag behind: before a claim is let go the server is
 * asked for the pods.
 */
export const claimProtection: Worker = {
  name: 'pvc-protection',
  identity: 'pvc-protection-controller',
  start(context) {
    const store = informerStores(context.informers)
    const claims = context.use(persistentVolumeClaims).store
    context.watch(persistentVolumeClaims, claim => (claim ? [objectKey(claim)] : []))
    context.watch(pods, (pod, old) => {
      const isOver = !pod || isFinished(pod)
      return isOver ? claimsOfPod((pod ?? old)!).filter(key => claims.byKey(key)) : []
    })
    return async key => {
      const claim = claims.byKey(key)
      if (!claim) return {}
      const { namespace } = claim.metadata
      const isUsed = (by: readonly Pod[]) => by.some(pod => uses(pod, claim))
      const plan = (isHeld: boolean) =>
        protect({ resource: persistentVolumeClaims, finalizer, isUsed: () => isHeld }, claim)
      const [wanted] = plan(isUsed(users(store, key)))
      if (wanted?.do !== 'update') return {}
      const isFree = claim.metadata.deletionTimestamp !== undefined
      if (isFree && isUsed((await context.client.list(pods, { namespace })).items)) return {}
      await context.client.update(persistentVolumeClaims, wanted.object as PersistentVolumeClaim)
      return {}
    }
  },
}

const finalizer = 'kubernetes.io/pvc-protection'

function users(store: View['store'], claimKey: string): readonly Pod[] {
  return store(pods).index(claimsOfPod).get(claimKey)
}

/** Only a pod that has a node counts; one that has ended still holds what it names, but not what was made for it. */
function uses(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec?.nodeName) return false
  return (pod.spec.volumes ?? []).some(volume => {
    if (claimName(pod, volume) !== claim.metadata.name) return false
    return volume.persistentVolumeClaim !== undefined || (!isFinished(pod) && wasMadeFor(pod, claim))
  })
}
