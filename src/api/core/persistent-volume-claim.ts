import { unset } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import { accessModesText, className } from '../shared/volume-cells.ts'
import type { PersistentVolumeClaim } from '../types/core-v1.gen.ts'
import { claimWarnings } from './claim-warnings.ts'
import {
  settleDataSource,
  validateClaim,
  validateClaimStatus,
  validateClaimUpdate,
} from './persistent-volume-claim-validation.ts'

export const persistentVolumeClaims = defineResource<PersistentVolumeClaim>('v1', 'PersistentVolumeClaim', {
  strategy: {
    returnsDeletedObject: true,
    setDefaults(claim) {
      claim.spec ??= {}
      claim.spec.volumeMode ??= 'Filesystem'
      claim.status ??= {}
      claim.status.phase ||= 'Pending'
    },
    prepareForCreate: ({ spec }) => settleDataSource(spec!, undefined),
    prepareForUpdate: ({ spec }, old) => settleDataSource(spec!, old.spec),
    validate: validateClaim,
    validateUpdate: validateClaimUpdate,
    warnings: claimWarnings,
  },
  initialStatus: () => ({ phase: 'Pending' }),
  subresources: { status: { strategy: { validate: validateClaimStatus } } },
  cells: {
    Status: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')),
    Volume: ({ spec }) => spec?.volumeName ?? '',
    Capacity: ({ spec, status }) => (spec?.volumeName ? (status?.capacity?.storage ?? '0') : ''),
    'Access Modes': ({ spec, status }) => (spec?.volumeName ? accessModesText(status?.accessModes) : ''),
    StorageClass: ({ metadata, spec }) => className(metadata, spec?.storageClassName),
    VolumeAttributesClass: ({ spec }) => spec?.volumeAttributesClassName ?? unset,
    VolumeMode: ({ spec }) => spec?.volumeMode ?? unset,
  },
})
