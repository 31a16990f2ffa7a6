import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import type { DeviceClass } from '../types/resource-v1.gen.ts'
import { dropClassFields } from './disabled-fields.ts'
import { configsMax, validateConfiguration, validateEach, validateSelectors } from './shared-rules.ts'

function validate({ spec }: DeviceClass, errors: FieldErrors): void {
  validateSelectors(spec?.selectors, 'spec.selectors', errors)
  validateEach(spec?.config, { max: configsMax, check: validateConfiguration }, 'spec.config', errors)
}

export const deviceClasses = defineResource<DeviceClass>('resource.k8s.io/v1', 'DeviceClass', {
  strategy: {
    returnsDeletedObject: true,
    prepareForCreate: dropClassFields,
    prepareForUpdate: dropClassFields,
    validate,
    hasGeneration: true,
  },
})
