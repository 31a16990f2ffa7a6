import { none, unset } from '../../machinery/table/cells.ts'
import { immutable } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { CSIDriver, CSIDriverSpec } from '../types/storage-v1.gen.ts'

const fixed = ['attachRequired', 'fsGroupPolicy', 'volumeLifecycleModes'] as const

export const csiDrivers = defineResource<CSIDriver>('storage.k8s.io/v1', 'CSIDriver', {
  strategy: {
    returnsDeletedObject: true,
    setDefaults(driver) {
      driver.spec ??= {} as CSIDriverSpec
      const { spec } = driver
      spec.attachRequired ??= true
      spec.podInfoOnMount ??= false
      spec.storageCapacity ??= false
      spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
      if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
      spec.requiresRepublish ??= false
      spec.seLinuxMount ??= false
    },
    // Counts changes only.
    prepareForCreate({ metadata }) {
      delete metadata.generation
    },
    validateUpdate({ spec }, old, errors) {
      for (const field of fixed) {
        // Upstream misspells the path of this one.
        const path = field === 'attachRequired' ? 'attachedRequired' : field
        immutable(spec[field], old.spec[field], `spec.${path}`, errors)
      }
    },
    hasGeneration: true,
    allowUnconditionalUpdate: false,
  },
  cells: {
    AttachRequired: ({ spec }) => spec.attachRequired ?? true,
    PodInfoOnMount: ({ spec }) => spec.podInfoOnMount ?? false,
    StorageCapacity: ({ spec }) => spec.storageCapacity ?? false,
    TokenRequests: ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? unset,
    RequiresRepublish: ({ spec }) => spec.requiresRepublish ?? false,
    Modes: ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || none,
  },
})
