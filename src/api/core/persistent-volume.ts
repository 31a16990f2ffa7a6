import { unset } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import { accessModesText, className } from '../shared/volume-cells.ts'
import type { PersistentVolume } from '../types/core-v1.gen.ts'
import { validatePersistentVolume, validatePersistentVolumeUpdate } from './persistent-volume-validation.ts'

const deadSources = {
  cephfs: 'spec.cephfs: deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'spec.photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'spec.scaleIO: deprecated in v1.16, non-functional in v1.22+',
  storageos: 'spec.storageOS: deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'spec.glusterfs: deprecated in v1.25, non-functional in v1.26+',
  rbd: 'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
} as const
const recycled =
  'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'

/** pkg/api/persistentvolume GetWarningsForPersistentVolume. */
function volumeWarnings({ spec = {} }: PersistentVolume): string[] {
  const found = Object.entries(deadSources).filter(([name]) => spec[name as keyof typeof deadSources])
  const texts = found.map(([, text]) => text)
  return spec.persistentVolumeReclaimPolicy === 'Recycle' ? [recycled, ...texts] : texts
}

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
    warnings: volumeWarnings,
    validateUpdate: validatePersistentVolumeUpdate,
  },
  initialStatus: () => ({ phase: 'Pending' }),
  subresources: {
    status: {
      strategy: {
        prepareForUpdate({ status = {} }, { status: old = {} }, { now }) {
          const known = old.lastPhaseTransitionTime
          const given = status.lastPhaseTransitionTime
          if (status.phase !== old.phase) {
            if (given === undefined || given === known) status.lastPhaseTransitionTime = now
          } else if (given === undefined && known) status.lastPhaseTransitionTime = known
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
