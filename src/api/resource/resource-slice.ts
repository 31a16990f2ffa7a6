import { immutable } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { ResourceSlice } from '../types/resource-v1.gen.ts'

export const resourceSlices = defineResource<ResourceSlice>('resource.k8s.io/v1', 'ResourceSlice', {
  strategy: {
    returnsDeletedObject: true,
    validate({ spec }, errors) {
      if (!spec?.driver) errors.required('spec.driver')
      if (!spec?.pool?.name) errors.required('spec.pool.name')
    },
    validateUpdate({ spec }, old, errors) {
      immutable(spec?.driver, old.spec?.driver, 'spec.driver', errors)
      immutable(spec?.pool?.name, old.spec?.pool?.name, 'spec.pool.name', errors)
      immutable(spec?.nodeName, old.spec?.nodeName, 'spec.nodeName', errors)
    },
    hasGeneration: true,
  },
  cells: {
    Node: ({ spec }) => spec?.nodeName ?? '',
    Driver: ({ spec }) => spec?.driver ?? '',
    Pool: ({ spec }) => spec?.pool?.name ?? '',
  },
  unknownField: field => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
  selectableFields: {
    'spec.driver': ({ spec }) => spec?.driver ?? '',
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
  },
})
