import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import type { DeviceClass } from '../types/resource-v1.gen.ts'
import { dropClassFields } from './disabled-fields.ts'
import { oldestDeprecation } from './oldest-version.ts'
import { configsMax, validateConfiguration, validateEach, validateSelectors } from './shared-rules.ts'

function validate({ spec }: DeviceClass, errors: FieldErrors): void {
  validateSelectors(spec?.selectors, 'spec.selectors', errors)
  validateEach(spec?.config, { max: configsMax, check: validateConfiguration }, 'spec.config', errors)
}

const define = (version: string, deprecation?: string) =>
  defineResource<DeviceClass>(`resource.k8s.io/${version}`, 'DeviceClass', {
    ...(deprecation !== undefined && { deprecation }),
    strategy: {
      returnsDeletedObject: true,
      validateName: (name, prefix) => (prefix ? [] : nameIsDnsSubdomain(name, false)),
      prepareForCreate: dropClassFields,
      prepareForUpdate: dropClassFields,
      validate,
      hasGeneration: true,
    },
  })

export const deviceClasses = define('v1')
/** The same under an earlier name. */
export const deviceClassesBeta = define('v1beta2')
export const deviceClassesOldest = define('v1beta1', oldestDeprecation('DeviceClass'))
