import { immutable } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { ResourceClaimTemplate } from '../types/resource-v1.gen.ts'
import { setClaimDefaults } from './claim-defaults.ts'

export const resourceClaimTemplates = defineResource<ResourceClaimTemplate>(
  'resource.k8s.io/v1',
  'ResourceClaimTemplate',
  {
    strategy: {
      returnsDeletedObject: true,
      setDefaults: ({ spec }) => setClaimDefaults(spec?.spec),
      validateUpdate: ({ spec }, old, errors) => immutable(spec, old.spec, 'spec', errors),
    },
  },
)
