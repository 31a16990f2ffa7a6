import { dns1035LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { validateConditions } from '../../machinery/validation/conditions.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { immutableText } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { sameField } from '../shared/same-field.ts'
import type { StorageVersionMigration } from '../types/storagemigration-v1beta1.gen.ts'

const phases: readonly string[] = ['Running', 'Failed', 'Succeeded']

function validate({ spec }: StorageVersionMigration, errors: FieldErrors): void {
  const { group = '', resource = '' } = spec?.resource ?? {}
  const complain = (name: string, value: string, reasons: readonly string[]) => {
    if (reasons.length > 0) errors.invalid(`spec.resource.${name}`, value, reasons.join(','))
  }
  if (resource) complain('resource', resource, dns1035LabelErrors(resource))
  else errors.required('spec.resource.resource', 'resource is required to be set')
  if (group) complain('group', group, dns1123SubdomainErrors(group))
}

/** Upstream's internal form, in which the resource is of meta/v1 and has its JSON names. */
function shown(spec: StorageVersionMigration['spec']) {
  const { group = '', resource = '' } = spec?.resource ?? {}
  return { Resource: { group, resource } }
}

const path = 'status.resourceVersion'

function validateStatus(
  { status = {} }: StorageVersionMigration,
  old: StorageVersionMigration,
  errors: FieldErrors,
): void {
  const { resourceVersion = '', conditions = [] } = status
  if (!/^[1-9]\d*$/.test(resourceVersion))
    errors.invalid(path, resourceVersion, `resource version is not well formed: ${resourceVersion}`)
  validateConditions(conditions, 'status.conditions', errors)
  const before = old.status?.resourceVersion
  if (before && before !== resourceVersion) errors.invalid(path, resourceVersion, 'field is immutable')
  const is = (type: string, of = conditions) =>
    of.find(condition => condition.type === type)?.status === 'True'
  const wrong = (text: string) => errors.invalid('status.conditions', conditions, text)
  if (is('Succeeded') && is('Failed'))
    wrong('Both success and failed conditions cannot be true at the same time')
  if (is('Succeeded') && is('Running'))
    wrong('Running condition cannot be true when success condition is true')
  if (is('Failed') && is('Running')) wrong('Running condition cannot be true when failed condition is true')
  const past = old.status?.conditions ?? []
  if (is('Succeeded', past) && !is('Succeeded'))
    wrong('Success condition cannot be set to false once it is true')
  if (is('Failed', past) && !is('Failed')) wrong('Failed condition cannot be set to false once it is true')
}

const migrationType = 'k8s.io/api/storagemigration/v1beta1.StorageVersionMigration'

/** Asks for every object of one resource to be written again, in the version that is stored now (KEP-4192). */
export const storageVersionMigrations = defineResource<StorageVersionMigration>(
  'storagemigration.k8s.io/v1beta1',
  'StorageVersionMigration',
  {
    gate: 'StorageVersionMigrator',
    strategy: {
      allowUnconditionalUpdate: false,
      validate,
      validateUpdate(now, old, errors) {
        if (!sameField(migrationType, 'spec', now, old))
          errors.invalid('spec', shown(now.spec), immutableText)
      },
    },
    subresources: { status: { keepsMetadata: true, strategy: { validateUpdate: validateStatus } } },
    cells: {
      Resource({ spec }) {
        const { group, resource = '' } = spec?.resource ?? {}
        return group ? `${resource}.${group}` : resource
      },
      Status: ({ status }) =>
        status?.conditions?.findLast(each => each.status === 'True' && phases.includes(each.type))?.type ??
        'Unknown',
    },
  },
)
