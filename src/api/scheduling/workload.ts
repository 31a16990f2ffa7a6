import { isDeepStrictEqual } from 'node:util'
import { dns1123SubdomainErrors, nameIsDnsLabel } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { immutableText } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { validateSegment } from '../shared/driver-names.ts'
import { immutableInternal, internalValue } from '../shared/internal-value.ts'
import type { PodGroup, TypedLocalObjectReference, Workload } from '../types/scheduling-v1alpha1.gen.ts'

const podGroupsMax = 8
const path = 'spec.podGroups'

/** Groups of pods that are scheduled by one policy (pkg/apis/scheduling/validation ValidateWorkload). */
function validate({ spec }: Workload, errors: FieldErrors): void {
  if (spec.controllerRef) validateController(spec.controllerRef, 'spec.controllerRef', errors)
  const groups = spec.podGroups ?? []
  if (groups.length === 0) return errors.required(path, 'must have at least one item')
  if (groups.length > podGroupsMax) return errors.tooMany(path, groups.length, podGroupsMax)
  groups.forEach((group, i) => {
    const { name = '' } = group
    invalidFor(errors, `${path}[${i}].name`, name, nameIsDnsLabel(name, false))
    if (groups.findIndex(each => (each.name ?? '') === name) < i) errors.duplicate(`${path}[${i}].name`, name)
    validatePolicy(group, `${path}[${i}].policy`, errors)
  })
}

function validateController(
  { apiGroup, kind, name }: TypedLocalObjectReference,
  at: string,
  errors: FieldErrors,
): void {
  if (apiGroup) invalidFor(errors, `${at}.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup))
  validateSegment(kind, `${at}.kind`, errors)
  validateSegment(name, `${at}.name`, errors)
}

function validatePolicy({ policy = {} }: PodGroup, at: string, errors: FieldErrors): void {
  const text = 'exactly one of `basic`, `gang` is required'
  if (!policy.basic && !policy.gang) return errors.required(at, text)
  if (policy.basic && policy.gang)
    return errors.invalid(at, '{`basic`, `gang`}', `${text}, but multiple fields are set`)
  if (policy.gang && !(policy.gang.minCount > 0))
    errors.invalid(`${at}.gang.minCount`, policy.gang.minCount ?? 0, 'must be greater than zero')
}

/** As upstream shows them, empty policies and none told apart. */
function shownGroups({ podGroups = [] }: Workload['spec']): readonly unknown[] {
  return podGroups.map(group => internalValue('k8s.io/api/scheduling/v1alpha1.PodGroup', group))
}

export const workloads = defineResource<Workload>('scheduling.k8s.io/v1alpha1', 'Workload', {
  gate: 'GenericWorkload',
  strategy: {
    validate,
    // Upstream names both fields without `spec`.
    validateUpdate({ spec }, old, errors) {
      if (old.spec.controllerRef)
        immutableInternal(
          'k8s.io/api/scheduling/v1alpha1.TypedLocalObjectReference',
          [spec.controllerRef, old.spec.controllerRef],
          'controllerRef',
          errors,
        )
      const [groups, before] = [spec, old.spec].map(shownGroups)
      if (!isDeepStrictEqual(groups, before)) errors.invalid('podGroups', groups, immutableText)
    },
  },
})
