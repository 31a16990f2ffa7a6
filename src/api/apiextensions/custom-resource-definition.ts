import { defineResource } from '../define-resource.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.gen.ts'
import { setDefinitionDefaults } from './definition-defaults.ts'
import { validateDefinition, validateDefinitionUpdate } from './definition-validation.ts'

export const customResourceDefinitions = defineResource<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  {
    strategy: {
      setDefaults: setDefinitionDefaults,
      validate: validateDefinition,
      validateUpdate: validateDefinitionUpdate,
      hasGeneration: true,
    },
    initialStatus: ({ spec }) => ({
      acceptedNames: { plural: '', kind: '' },
      conditions: [],
      storedVersions: spec.versions.filter(({ storage }) => storage).map(({ name }) => name),
    }),
  },
)
