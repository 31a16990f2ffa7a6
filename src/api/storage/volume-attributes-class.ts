import { semanticEqual } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { VolumeAttributesClass } from '../types/storage-v1.gen.ts'
import { validateParameters } from './storage-class.ts'

export const volumeAttributesClasses = defineResource<VolumeAttributesClass>(
  'storage.k8s.io/v1',
  'VolumeAttributesClass',
  {
    strategy: {
      returnsDeletedObject: true,
      validate({ driverName, parameters }, errors) {
        if (!driverName) errors.required('driverName')
        validateParameters(parameters, 'parameters', errors)
        if (Object.keys(parameters ?? {}).length === 0) {
          errors.required('parameters', 'must contain at least one key/value pair')
        }
      },
      validateUpdate(now, old, errors) {
        if (now.driverName !== old.driverName)
          errors.forbidden('driverName', 'updates to driverName are forbidden.')
        if (!semanticEqual(now.parameters, old.parameters)) {
          errors.forbidden('parameters', 'updates to parameters are forbidden.')
        }
      },
    },
    cells: { DriverName: ({ driverName }) => driverName },
  },
)
