import { immutable } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { CSIStorageCapacity } from '../types/storage-v1.gen.ts'

export const csiStorageCapacities = defineResource<CSIStorageCapacity>(
  'storage.k8s.io/v1',
  'CSIStorageCapacity',
  {
    strategy: {
      validate({ storageClassName }, errors) {
        if (!storageClassName) errors.required('storageClassName')
      },
      validateUpdate(now, old, errors) {
        immutable(now.nodeTopology, old.nodeTopology, 'nodeTopology', errors)
        immutable(now.storageClassName, old.storageClassName, 'storageClassName', errors)
      },
      allowUnconditionalUpdate: false,
    },
  },
)
