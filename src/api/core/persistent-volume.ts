import { unset } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import { accessModesText, className } from '../shared/volume-cells.ts'
import type { PersistentVolume } from '../types/core-v1.gen.ts'
import { validatePersistentVolume, validatePersistentVolumeUpdate } from './persistent-volume-validation.ts'

export const persistentVolumes = defineResource<PersistentVolume>('v1', 'PersistentVolume', {
  strategy: {
    returnsDeletedObject: true,
    setDefaults(volume) {
      volume.spec ??= {}
      volume.spec.persistentVolumeReclaimPolicy ||= 'Retain'
      volume.spec.volumeMode ??= 'Filesystem'
      if (volume.spec.hostPath) volume.spec.hostPath.type ??= ''
      volume.status ??= {}
      volume.status.phase ||= 'Pending'
    },
    prepareForCreate({ status }, { now }) {
      status!.lastPhaseTransitionTime = now
    },
    validate: validatePersistentVolume,
    validateUpdate: validatePersistentVolumeUpdate,
  },
  initialStatus: () => ({ phase: 'Pending' }),
  subresources: {
    status: {
      strategy: {
        prepareForUpdate({ status }, old, { now }) {
          if (status && status.phase !== old.status?.phase) status.lastPhaseTransitionTime = now
        },
      },
    },
  },
  cells: {
    Capacity: ({ spec }) => spec?.capacity?.storage ?? '0',
    'Access Modes': ({ spec }) => accessModesText(spec?.accessModes),
    'Reclaim Policy': ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '',
    Status: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')),
    Claim: ({ spec }) =>
      spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    StorageClass: ({ metadata, spec }) => className(metadata, spec?.storageClassName),
    VolumeAttributesClass: ({ spec }) => spec?.volumeAttributesClassName ?? unset,
    Reason: ({ status }) => status?.reason ?? '',
    VolumeMode: ({ spec }) => spec?.volumeMode ?? unset,
  },
})
