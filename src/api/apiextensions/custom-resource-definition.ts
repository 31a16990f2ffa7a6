import { defineResource } from '../define-resource.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.gen.ts'
import { setDefinitionDefaults } from './definition-defaults.ts'
import { validateDefinition, validateDefinitionUpdate } from './definition-validation.ts'

function markTerminating(definition: CustomResourceDefinition): void {
  const status = definition.status ?? { acceptedNames: { plural: '', kind: '' }, storedVersions: [] }
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Terminating')
  const message = 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon'
  const terminating = { type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', message }
  definition.status = { ...status, conditions: [...others, terminating] }
}

export const customResourceDefinitions = defineResource<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  {
    strategy: {
      setDefaults: setDefinitionDefaults,
      validate: validateDefinition,
      validateUpdate: validateDefinitionUpdate,
      hasGeneration: true,
      // The finalizer of its own has no domain and is no standard one.
      standardFinalizers: false,
      deletionFinalizer: 'customresourcecleanup.apiextensions.k8s.io',
      markDeleting: markTerminating,
    },
    initialStatus: ({ spec }) => ({
      acceptedNames: { plural: '', kind: '' },
      conditions: [],
      storedVersions: spec.versions.filter(({ storage }) => storage).map(({ name }) => name),
    }),
  },
)
