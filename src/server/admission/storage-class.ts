import { claimSize } from '../../api/core/claims.ts'
import { betaClassAnnotation, storageClassOf } from '../../api/shared/storage-class.ts'
import type { PersistentVolumeClaim } from '../../api/types/core-v1.gen.ts'
import type { StorageClass } from '../../api/types/storage-v1.gen.ts'
import { compareQuantity } from '../../machinery/quantity/index.ts'
import type { AdmissionPlugin } from '../context.ts'
import type { Lister } from '../lister.ts'
import { newestMarked } from './default-class.ts'
import { isAbout, refusal } from './refusal.ts'

const defaultMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

/** A claim that names no class gets the default one (plugin/pkg/admission/storage/storageclass/setdefault). */
export function defaultStorageClass(classes: Lister<StorageClass>): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    handles: request => request.operation === 'CREATE' && isAbout(request, '', 'persistentvolumeclaims'),
    admit({ object }) {
      const { metadata, spec } = object as PersistentVolumeClaim
      const named =
        metadata.annotations?.[betaClassAnnotation] !== undefined || spec?.storageClassName !== undefined
      const name = named ? undefined : newestMarked(classes.list(), defaultMarks)?.metadata.name
      if (spec && name !== undefined) spec.storageClassName = name
    },
  }
}

/** Only a bound claim of a class that allows it may grow (plugin/pkg/admission/storage/persistentvolume/resize). */
export function claimResize(classes: Lister<StorageClass>): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: request => request.operation === 'UPDATE' && isAbout(request, '', 'persistentvolumeclaims'),
    validate(request) {
      const claim = request.object as PersistentVolumeClaim
      const old = request.oldObject as PersistentVolumeClaim
      if (compareQuantity(claimSize(claim), claimSize(old)) <= 0) return
      if (old.status?.phase !== 'Bound')
        throw refusal(request, 'Only bound persistent volume claims can be expanded')
      const name = storageClassOf(claim)
      if (name && name === storageClassOf(old) && classes.get('', name)?.allowVolumeExpansion) return
      throw refusal(
        request,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
    },
  }
}

const protectionFinalizers: readonly (readonly [group: string, plural: string, finalizer: string])[] = [
  ['', 'persistentvolumes', 'kubernetes.io/pv-protection'],
  ['', 'persistentvolumeclaims', 'kubernetes.io/pvc-protection'],
  ['storage.k8s.io', 'volumeattributesclasses', 'kubernetes.io/vac-protection'],
]

/** What is in use goes only after its users; the protection controllers take the finalizer away. */
export function storageObjectInUseProtection(): AdmissionPlugin {
  const finalizerFor = (request: Parameters<AdmissionPlugin['handles']>[0]) =>
    protectionFinalizers.find(([group, plural]) => isAbout(request, group, plural))?.[2]
  return {
    name: 'StorageObjectInUseProtection',
    handles: request => request.operation === 'CREATE' && finalizerFor(request) !== undefined,
    admit(request) {
      const finalizer = finalizerFor(request)
      const metadata = request.object?.metadata
      if (!finalizer || !metadata || metadata.finalizers?.includes(finalizer)) return
      metadata.finalizers = [...(metadata.finalizers ?? []), finalizer]
    },
  }
}
