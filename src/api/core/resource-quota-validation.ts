/** Rules of ResourceQuotas (pkg/apis/core/validation ValidateResourceQuota). */
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { immutableText } from '../../machinery/validation/values.ts'
import { internalValue } from '../shared/internal-value.ts'
import { validateAmount, validateQuotaResourceName } from '../shared/resource-names.ts'
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from '../types/core-v1.gen.ts'

const scopesWithoutValues = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'CrossNamespacePodAffinity',
]
const standardScopes = [...scopesWithoutValues, 'PriorityClass', 'VolumeAttributesClass']
const conflicts = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]
const podResources = /^(pods|(requests\.|limits\.)?(cpu|memory|ephemeral-storage))$/

/** Known resources with amounts, and scopes that suit them. */
export function validateResourceQuota({ spec = {} }: ResourceQuota, errors: FieldErrors): void {
  validateAmounts(spec.hard, 'spec.hard', errors)
  const scopes = spec.scopes ?? []
  for (const scope of scopes) {
    if (!standardScopes.includes(scope)) errors.invalid('spec.scopes', scopes, 'unsupported scope')
    validateScopeFits(spec, scope, 'spec.scopes', scopes, errors)
  }
  validateConflicts(scopes, scopes, 'spec.scopes', errors)
  const requirements = spec.scopeSelector?.matchExpressions ?? []
  for (const requirement of requirements) validateRequirement(spec, requirement, errors)
  const named = requirements.map(({ scopeName }) => scopeName)
  validateConflicts(named, scopes, 'spec.scopeSelector.matchExpressions', errors)
}

/** Scopes are fixed: usage was counted by them. */
export function validateResourceQuotaUpdate(
  { spec }: ResourceQuota,
  old: ResourceQuota,
  errors: FieldErrors,
): void {
  const scopes = new Set(spec?.scopes)
  const before = new Set(old.spec?.scopes)
  if (scopes.symmetricDifference(before).size > 0)
    errors.invalid('spec.scopes', spec?.scopes ?? null, immutableText)
}

/** What the quota controller writes. */
export function validateResourceQuotaStatus({ status }: ResourceQuota, errors: FieldErrors): void {
  validateAmounts(status?.hard, 'status.hard', errors)
  validateAmounts(status?.used, 'status.used', errors)
}

function validateAmounts(
  list: Readonly<Record<string, string>> = {},
  path: string,
  errors: FieldErrors,
): void {
  for (const name in list) {
    validateQuotaResourceName(name, `${path}[${name}]`, errors)
    validateAmount(name, list[name]!, `${path}[${name}]`, errors)
  }
}

function validateScopeFits(
  { hard = {} }: ResourceQuotaSpec,
  scope: string,
  path: string,
  shown: unknown,
  errors: FieldErrors,
): void {
  for (const name of Object.keys(hard).toSorted()) {
    if (name.includes('/')) continue
    const fits = scope === 'BestEffort' ? name === 'pods' : podResources.test(name)
    const isClaimScope = scope === 'VolumeAttributesClass'
    const fitsClaims = name === 'persistentvolumeclaims' || name === 'requests.storage'
    if (!(isClaimScope ? fitsClaims : fits))
      errors.invalid(path, shown, 'unsupported scope applied to resource')
  }
}

function validateConflicts(
  named: readonly string[],
  shown: unknown,
  path: string,
  errors: FieldErrors,
): void {
  for (const pair of conflicts) {
    if (pair.every(scope => named.includes(scope))) errors.invalid(path, shown, 'conflicting scopes')
  }
}

function validateRequirement(
  spec: ResourceQuotaSpec,
  requirement: ScopedResourceSelectorRequirement,
  errors: FieldErrors,
): void {
  const { scopeName, operator, values = [] } = requirement
  const path = 'spec.scopeSelector.matchExpressions'
  if (!standardScopes.includes(scopeName)) errors.invalid(`${path}.scopeName`, scopeName, 'unsupported scope')
  const shown = internalValue('k8s.io/api/core/v1.ScopeSelector', spec.scopeSelector)
  validateScopeFits(spec, scopeName, path, shown, errors)
  if (scopesWithoutValues.includes(scopeName) && operator !== 'Exists') {
    const names = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort'].map(
      name => `ResourceQuotaScope${name}`,
    )
    const detail = `must be 'Exists' when scope is any of ${names.join(', ')} or ResourceQuotaScopeCrossNamespacePodAffinity`
    errors.invalid(`${path}.operator`, operator, detail)
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    errors.required(`${path}.values`, detail)
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    errors.invalid(`${path}.values`, values, detail)
  } else errors.invalid(`${path}.operator`, operator, 'not a valid selector operator')
}
