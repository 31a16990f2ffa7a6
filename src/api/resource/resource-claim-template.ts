import { type Behaviour, defineResource } from '../define-resource.ts'
import { immutableInternal } from '../shared/internal-value.ts'
import { storedBehaviour } from '../shared/stored-behaviour.ts'
import type { ResourceClaimTemplate } from '../types/resource-v1.gen.ts'
import { authorizeRequests } from './admin-access.ts'
import { setClaimDefaults } from './claim-defaults.ts'
import { validateClaimSpec } from './claim-validation.ts'
import { dropClaimFields } from './disabled-fields.ts'
import { oldestDeprecation, oldestTemplates } from './oldest-version.ts'

const behaviour: Behaviour<ResourceClaimTemplate> = {
  strategy: {
    returnsDeletedObject: true,
    setDefaults: ({ spec }) => setClaimDefaults(spec?.spec),
    prepareForCreate: ({ spec }) => dropClaimFields(spec?.spec),
    prepareForUpdate: ({ spec }, old) => dropClaimFields(spec?.spec, old.spec?.spec),
    validateInNamespace: ({ spec }, old, labels, errors) => {
      if (!old) authorizeRequests(spec?.spec?.devices?.requests, labels, errors)
    },
    validate: ({ spec }, errors) => validateClaimSpec(spec?.spec, 'spec.spec', errors),
    validateUpdate: ({ spec }, old, errors) =>
      immutableInternal('k8s.io/api/resource/v1.ResourceClaimTemplateSpec', [spec, old.spec], 'spec', errors),
  },
}

const define = (version: string, by = behaviour) =>
  defineResource<ResourceClaimTemplate>(`resource.k8s.io/${version}`, 'ResourceClaimTemplate', by)

export const resourceClaimTemplates = define('v1')
/** The same under an earlier name. */
export const resourceClaimTemplatesBeta = define('v1beta2')
export const resourceClaimTemplatesOldest = define('v1beta1', {
  ...storedBehaviour(behaviour, oldestTemplates),
  deprecation: oldestDeprecation('ResourceClaimTemplate'),
})
