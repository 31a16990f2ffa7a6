/** Affinities and topology spread (pkg/apis/core/validation validateAffinity, validateTopologySpreadConstraints). */
import { dns1123LabelErrors, qualifiedNameErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../../machinery/validation/label-selector.ts'
import { positive } from '../../../machinery/validation/values.ts'
import type {
  Affinity,
  NodeAffinity,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../types/core-v1.gen.ts'
import { validateNodeSelector, validateNodeSelectorTerm } from './node-selector.ts'

const weightMax = 100
const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'

/** To nodes and to other pods. */
export function validateAffinity(affinity: Affinity | undefined, path: string, errors: FieldErrors): void {
  if (affinity?.nodeAffinity) validateNodeAffinity(affinity.nodeAffinity, `${path}.nodeAffinity`, errors)
  if (affinity?.podAffinity) validatePodAffinity(affinity.podAffinity, `${path}.podAffinity`, errors)
  if (affinity?.podAntiAffinity)
    validatePodAffinity(affinity.podAntiAffinity, `${path}.podAntiAffinity`, errors)
}

function validateNodeAffinity(affinity: NodeAffinity, path: string, errors: FieldErrors): void {
  const selector = affinity[required]
  if (selector) validateNodeSelector(selector, `${path}.${required}`, errors)
  affinity[preferred]?.forEach(({ weight, preference }, i) => {
    validateWeight(weight, `${path}.${preferred}[${i}].weight`, errors)
    validateNodeSelectorTerm(preference, false, `${path}.${preferred}[${i}].preference`, errors)
  })
}

function validateWeight(weight: number, path: string, errors: FieldErrors): void {
  if (weight <= 0 || weight > weightMax) errors.invalid(path, weight, 'must be in the range 1-100')
}

function validatePodAffinity(affinity: PodAffinity, path: string, errors: FieldErrors): void {
  affinity[required]?.forEach((term, i) => {
    validateTerm(term, `${path}.${required}[${i}]`, errors)
  })
  affinity[preferred]?.forEach(({ weight, podAffinityTerm }, i) => {
    validateWeight(weight, `${path}.${preferred}[${i}].weight`, errors)
    validateTerm(podAffinityTerm, `${path}.${preferred}[${i}].podAffinityTerm`, errors)
  })
}

function validateTerm(term: PodAffinityTerm, path: string, errors: FieldErrors): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], topologyKey = '' } = term
  validateLabelSelector(term.labelSelector, `${path}.labelSelector`, errors)
  validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`, errors)
  for (const name of term.namespaces ?? [])
    invalidFor(errors, `${path}.namespace`, name, dns1123LabelErrors(name))
  validateKeys(matchLabelKeys, term, `${path}.matchLabelKeys`, errors)
  validateKeys(mismatchLabelKeys, term, `${path}.mismatchLabelKeys`, errors)
  for (const [i, key] of matchLabelKeys.entries()) {
    if (mismatchLabelKeys.includes(key)) {
      errors.invalid(
        `${path}.matchLabelKeys[${i}]`,
        key,
        'exists in both matchLabelKeys and mismatchLabelKeys',
      )
    }
  }
  if (!topologyKey) errors.required(`${path}.topologyKey`, 'can not be empty')
  invalidFor(errors, `${path}.topologyKey`, topologyKey, qualifiedNameErrors(topologyKey))
}

function validateKeys(
  keys: readonly string[],
  { labelSelector }: Pick<PodAffinityTerm, 'labelSelector'>,
  path: string,
  errors: FieldErrors,
): void {
  if (keys.length === 0) return
  if (!labelSelector) return errors.forbidden(path, 'must not be specified when labelSelector is not set')
  keys.forEach((key, i) => {
    invalidFor(errors, `${path}[${i}]`, key, qualifiedNameErrors(key))
  })
}

/** How evenly pods lie on zones or nodes. */
export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[] = [],
  path: string,
  errors: FieldErrors,
): void {
  constraints.forEach((constraint, i) => {
    const at = `${path}[${i}]`
    validateConstraint(constraint, at, errors)
    const { topologyKey, whenUnsatisfiable } = constraint
    const repeats = constraints
      .slice(i + 1)
      .some(other => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)
    if (repeats)
      errors.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`)
  })
}

function validateConstraint(constraint: TopologySpreadConstraint, path: string, errors: FieldErrors): void {
  const { maxSkew, topologyKey, whenUnsatisfiable = '', minDomains, labelSelector } = constraint
  const actions = ['DoNotSchedule', 'ScheduleAnyway']
  positive(maxSkew, `${path}.maxSkew`, errors)
  if (!topologyKey) errors.required(`${path}.topologyKey`, 'can not be empty')
  if (!actions.includes(whenUnsatisfiable))
    errors.notSupported(`${path}.whenUnsatisfiable`, whenUnsatisfiable, actions)
  positive(minDomains, `${path}.minDomains`, errors)
  if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule') {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
    errors.invalid(`${path}.minDomains`, minDomains, detail)
  }
  for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
    const policy = constraint[field]
    if (policy !== undefined && policy !== 'Honor' && policy !== 'Ignore') {
      errors.notSupported(`${path}.${field}`, policy, ['Honor', 'Ignore'])
    }
  }
  validateKeys(constraint.matchLabelKeys ?? [], { labelSelector }, `${path}.matchLabelKeys`, errors)
  validateLabelSelector(labelSelector, `${path}.labelSelector`, errors)
}
