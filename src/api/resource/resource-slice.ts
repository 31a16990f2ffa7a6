import { type Behaviour, defineResource } from '../define-resource.ts'
import { immutableField, sameField } from '../shared/same-field.ts'
import { storedBehaviour } from '../shared/stored-behaviour.ts'
import type { ResourceSlice } from '../types/resource-v1.gen.ts'
import { dropSliceFields } from './disabled-fields.ts'
import { oldestDeprecation, oldestSlices } from './oldest-version.ts'
import { validateSlice, validateSliceContent } from './slice-validation.ts'

const poolType = 'k8s.io/api/resource/v1.ResourcePool'
const specType = 'k8s.io/api/resource/v1.ResourceSliceSpec'
const sliceType = 'k8s.io/api/resource/v1.ResourceSlice'

/** Upstream's default of a taint's time (SetDefaults_DeviceTaint). */
function dateTaints({ spec }: ResourceSlice, now: string): void {
  for (const { taints = [] } of spec?.devices ?? []) for (const taint of taints) taint.timeAdded ??= now
}

const behaviourOf = (version: string): Behaviour<ResourceSlice> => ({
  strategy: {
    returnsDeletedObject: true,
    prepareForCreate(slice, { now }) {
      slice.metadata.generation = 1
      dropSliceFields(slice)
      dateTaints(slice, now)
    },
    // What is dropped counts as a change.
    prepareForUpdate(slice, old, { now }) {
      dateTaints(slice, now)
      if (!sameField(sliceType, 'spec', slice, old))
        slice.metadata.generation = (old.metadata.generation ?? 0) + 1
      dropSliceFields(slice, old)
    },
    validate(slice, errors) {
      validateSlice(slice, errors)
      validateSliceContent(slice, errors)
    },
    validatesOnceOnly: true,
    validateUpdate(slice, old, errors) {
      const { spec } = slice
      validateSlice(slice, errors)
      immutableField(poolType, 'name', [spec?.pool, old.spec?.pool], 'spec.pool.name', errors)
      immutableField(specType, 'driver', [spec, old.spec], 'spec.driver', errors)
      immutableField(specType, 'nodeName', [spec, old.spec], 'spec.nodeName', errors)
      validateSliceContent(slice, errors)
    },
  },
  cells: {
    Node: ({ spec }) => spec?.nodeName ?? '',
    Driver: ({ spec }) => spec?.driver ?? '',
    Pool: ({ spec }) => spec?.pool?.name ?? '',
  },
  unknownField: field =>
    `field label not supported for resource.k8s.io/${version}, Kind=ResourceSlice: ${field}`,
  selectableFields: {
    'spec.driver': ({ spec }) => spec?.driver ?? '',
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
  },
})

const define = (version: string, by = behaviourOf(version)) =>
  defineResource<ResourceSlice>(`resource.k8s.io/${version}`, 'ResourceSlice', by)

export const resourceSlices = define('v1')
/** The same under an earlier name. */
export const resourceSlicesBeta = define('v1beta2')
export const resourceSlicesOldest = define('v1beta1', {
  ...storedBehaviour(behaviourOf('v1beta1'), oldestSlices),
  deprecation: oldestDeprecation('ResourceSlice'),
})
