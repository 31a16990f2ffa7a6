import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import { validateProvisioner } from '../shared/driver-names.ts'
import { sameExactly } from '../shared/same-field.ts'
import type { VolumeAttributesClass } from '../types/storage-v1.gen.ts'
import { validateParameters } from './storage-class.ts'

function validate({ driverName, parameters }: VolumeAttributesClass, errors: FieldErrors): void {
  validateProvisioner(driverName, 'driverName', errors)
  validateParameters(parameters, 'parameters', errors)
  if (Object.keys(parameters ?? {}).length === 0)
    errors.required('parameters', 'must contain at least one key/value pair')
}

const define = (version: string) =>
  defineResource<VolumeAttributesClass>(`storage.k8s.io/${version}`, 'VolumeAttributesClass', {
    strategy: {
      returnsDeletedObject: true,
      validate,
      validatesOnceOnly: true,
      validateUpdate(now, old, errors) {
        if (now.driverName !== old.driverName)
          errors.forbidden('driverName', 'updates to driverName are forbidden.')
        if (!sameExactly('k8s.io/api/storage/v1.VolumeAttributesClass', 'parameters', now, old)) {
          errors.forbidden('parameters', 'updates to parameters are forbidden.')
        }
        validate(now, errors)
      },
    },
    cells: { DriverName: ({ driverName }) => driverName },
  })

export const volumeAttributesClasses = define('v1')
export const volumeAttributesClassesBeta = define('v1beta1')
