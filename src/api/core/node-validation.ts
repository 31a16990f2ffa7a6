/** Rules of Nodes (pkg/apis/core/validation ValidateNode, ValidateNodeUpdate). */
import { labelValueErrors, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { rangeWarnings } from '../../machinery/validation/address-warnings.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { ipFamily, validateCidr } from '../../machinery/validation/values.ts'
import { internalValue } from '../shared/internal-value.ts'
import { validateAmount } from '../shared/resource-names.ts'
import { sameField } from '../shared/same-field.ts'
import type { Node, NodeStatus, Taint } from '../types/core-v1.gen.ts'
import { validateTaintEffect } from './pod/tolerations.ts'

const featureLengthMax = 253
const featurePattern = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/
const featureRule =
  "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"

/** Also of a changed one. */
export function validateNode({ spec = {}, status = {} }: Node, errors: FieldErrors): void {
  validateTaints(spec.taints ?? [], errors)
  validateStatus(status, errors)
  const { podCIDRs = [] } = spec
  podCIDRs.forEach((cidr, i) => {
    validateCidr(cidr, `spec.podCIDRs[${i}]`, errors)
  })
  const families = new Set(podCIDRs.map(cidr => ipFamily(cidr.split('/')[0]!)))
  if (podCIDRs.length > 2 || families.size < podCIDRs.length) {
    errors.invalid('spec.podCIDRs', podCIDRs, 'may specify no more than one CIDR for each IP family')
  }
}

/** What may change, through the main door and through that of the status. */
export function validateNodeUpdate(
  { spec = {}, status = {} }: Node,
  { spec: old = {} }: Node,
  errors: FieldErrors,
): void {
  validateStatus(status, errors)
  validateAddresses(status, errors)
  if (old.podCIDRs?.length && !sameField('k8s.io/api/core/v1.NodeSpec', 'podCIDRs', spec, old)) {
    errors.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')
  }
  if (old.providerID && old.providerID !== spec.providerID) {
    errors.forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid')
  }
  validateTaints(spec.taints ?? [], errors)
  if ((spec.externalID ?? '') !== (old.externalID ?? ''))
    errors.forbidden('spec.externalID', 'may not be updated')
}

export function nodeWarnings({ spec }: Node): string[] {
  const warnings = spec?.configSource ? ['spec.configSource: the feature is removed'] : []
  if (spec?.externalID)
    warnings.push('spec.externalID: this field is deprecated, and is unused by Kubernetes')
  const ranges = (spec?.podCIDRs ?? []).flatMap((range, i) => rangeWarnings(range, `spec.podCIDRs[${i}]`))
  return [...warnings, ...ranges]
}

/** Upstream names the path `metadata.taints`. */
function validateTaints(taints: readonly Taint[], errors: FieldErrors): void {
  const seen = new Set<string>()
  taints.forEach((taint, i) => {
    const { key = '', value = '', effect = '' } = taint
    const at = `metadata.taints[${i}]`
    invalidFor(errors, `${at}.key`, key, qualifiedNameErrors(key))
    const reasons = labelValueErrors(value)
    if (reasons.length > 0) errors.invalid(`${at}.value`, value, reasons.join(';'))
    validateTaintEffect(effect, `${at}.effect`, errors)
    if (seen.has(`${effect}:${key}`)) {
      const shown = { Key: key, Value: value, Effect: effect }
      errors.duplicate(at, shown, 'taints must be unique by key and effect pair')
    }
    seen.add(`${effect}:${key}`)
  })
}

function validateStatus(
  { capacity, allocatable, declaredFeatures = [] }: NodeStatus,
  errors: FieldErrors,
): void {
  for (const [field, amounts] of Object.entries({ capacity, allocatable })) {
    for (const [name, amount] of Object.entries(amounts ?? {}))
      validateAmount(name, amount, `status.${field}.${name}`, errors)
  }
  declaredFeatures.forEach((feature, i) => {
    const path = 'status.declaredFeatures'
    validateFeature(feature, `${path}[${i}]`, errors)
    const next = declaredFeatures[i + 1]
    if (next === feature) errors.duplicate(`${path}[${i + 1}]`, next)
    else if (next !== undefined && feature > next)
      errors.invalid(`${path}[${i + 1}]`, next, 'list must be sorted alphabetically')
  })
}

function validateFeature(feature: string, path: string, errors: FieldErrors): void {
  const wrong = `invalid feature name ${quote(feature)}:`
  if (feature.length > featureLengthMax)
    errors.invalid(path, feature, `${wrong} must be no more than ${featureLengthMax} characters`)
  else if (!featurePattern.test(feature)) errors.invalid(path, feature, `${wrong} ${featureRule}`)
}

function validateAddresses({ addresses = [] }: NodeStatus, errors: FieldErrors): void {
  const seen = new Set<string>()
  addresses.forEach((address, i) => {
    const key = `${address.type} ${address.address}`
    if (seen.has(key))
      errors.duplicate(`status.addresses[${i}]`, internalValue('k8s.io/api/core/v1.NodeAddress', address))
    seen.add(key)
  })
}
