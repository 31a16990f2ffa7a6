import { defineResource } from '../define-resource.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.gen.ts'
import { setDefinitionDefaults } from './definition-defaults.ts'
import { validateDefinition, validateDefinitionUpdate, validateNewApproval } from './definition-validation.ts'
import { isKnownFormat } from './formats.ts'
import { hoist } from './hoisted.ts'
import { visitSchemas } from './schema-walk.ts'

const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

function markTerminating(definition: CustomResourceDefinition): void {
  const status = definition.status ?? { acceptedNames: { plural: '', kind: '' }, storedVersions: [] }
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Terminating')
  const message = 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon'
  const terminating = {
    ...{ type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', message },
    lastTransitionTime: definition.metadata.deletionTimestamp!,
  }
  definition.status = { ...status, conditions: [...others, terminating] }
}

function storedAtFirst(versions: CustomResourceDefinition['spec']['versions'] = []): string[] {
  const storage = versions.find(each => each.storage)
  return storage ? [storage.name] : (null as unknown as [])
}

/** What was ever stored stays in the list until an administrator takes it out. */
function keepStoredVersions(definition: CustomResourceDefinition): void {
  const { spec, status } = definition
  const storage = spec.versions?.find(each => each.storage)?.name
  if (!status || storage === undefined || status.storedVersions?.includes(storage)) return
  definition.status = { ...status, storedVersions: [...(status.storedVersions ?? []), storage] }
}

/** Formats that no value is held to, as far as the definition had none of them before. */
function unknownFormats(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): string[] {
  const before = new Set(old ? unknownFormatsOf(old) : [])
  return unknownFormatsOf(definition)
    .filter(format => !before.has(format))
    .map(format => `unrecognized format ${JSON.stringify(format)}`)
}

function unknownFormatsOf({ spec }: CustomResourceDefinition): string[] {
  const { shared, versions } = hoist(spec)
  const found: string[] = []
  for (const { schema } of [shared, ...versions]) {
    if (!schema?.openAPIV3Schema) continue
    visitSchemas(schema.openAPIV3Schema, ({ type, format }) => {
      if (format && type === 'string' && !isKnownFormat(format)) found.push(format)
    })
  }
  return found
}

export const customResourceDefinitions = defineResource<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  {
    strategy: {
      setDefaults: setDefinitionDefaults,
      validate(definition, errors) {
        validateDefinition(definition, errors)
        if (!definition.metadata.resourceVersion) validateNewApproval(definition, errors)
      },
      prepareForUpdate: keepStoredVersions,
      warnings: unknownFormats,
      validateUpdate: validateDefinitionUpdate,
      hasGeneration: true,
      // The finalizer of its own has no domain and is no standard one.
      standardFinalizers: false,
      deletionFinalizer: cleanupFinalizer,
      holdsDeletion: ({ metadata }) => metadata.finalizers?.includes(cleanupFinalizer) ?? false,
      markDeleting: markTerminating,
    },
    storage: { keepsEmpties: true },
    subresources: { status: { hasTable: false } },
    initialStatus: ({ spec }) => ({
      acceptedNames: { plural: '', kind: '' },
      // Upstream writes an empty list of conditions so.
      conditions: null as unknown as [],
      storedVersions: storedAtFirst(spec.versions),
    }),
  },
)
