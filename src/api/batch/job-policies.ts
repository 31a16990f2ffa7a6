/** When a job's pods fail it or complete it early (pkg/apis/batch/validation validatePodFailurePolicy). */
import { qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { internalValue } from '../shared/internal-value.ts'
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../types/batch-v1.gen.ts'

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const rulesMax = 20
const valuesMax = 255

/** Failure, success and replacement policy. */
export function validateJobPolicies(spec: JobSpec, path: string, errors: FieldErrors): void {
  const rules = spec.podFailurePolicy?.rules ?? []
  const at = `${path}.podFailurePolicy.rules`
  if (rules.length > rulesMax) errors.tooMany(at, rules.length, rulesMax)
  rules.forEach((rule, i) => {
    validateFailureRule(spec, rule, `${at}[${i}]`, errors)
  })
  if (spec.successPolicy) validateSuccessPolicy(spec, `${path}.successPolicy`, errors)
  const { podReplacementPolicy } = spec
  if (podReplacementPolicy === undefined) return
  const policies = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  if (!policies.includes(podReplacementPolicy)) {
    errors.notSupported(`${path}.podReplacementPolicy`, podReplacementPolicy, policies)
  }
}

function validateFailureRule(
  spec: JobSpec,
  rule: PodFailurePolicyRule,
  path: string,
  errors: FieldErrors,
): void {
  const { action = '', onExitCodes, onPodConditions = [] } = rule
  if (!action)
    errors.required(`${path}.action`, `valid values: [${actions.map(name => `"${name}"`).join(' ')}]`)
  else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.invalid(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set')
  } else if (!actions.includes(action)) errors.notSupported(`${path}.action`, action, actions)
  if (onExitCodes) validateExitCodes(spec, onExitCodes, `${path}.onExitCodes`, errors)
  if (onPodConditions.length > rulesMax)
    errors.tooMany(`${path}.onPodConditions`, onPodConditions.length, rulesMax)
  onPodConditions.forEach(({ type, status = '' }, i) => {
    const at = `${path}.onPodConditions[${i}]`
    invalidFor(errors, `${at}.type`, type, qualifiedNameErrors(type))
    const values = ['False', 'True', 'Unknown']
    if (!values.includes(status)) errors.notSupported(`${at}.status`, status, values)
  })
  if (onExitCodes && onPodConditions.length > 0)
    errors.invalidHidden(path, 'specifying both OnExitCodes and OnPodConditions is not supported')
  if (!onExitCodes && onPodConditions.length === 0)
    errors.invalidHidden(path, 'specifying one of OnExitCodes and OnPodConditions is required')
}

function validateExitCodes(
  { template }: JobSpec,
  codes: PodFailurePolicyOnExitCodesRequirement,
  path: string,
  errors: FieldErrors,
): void {
  const { operator = '', values = [], containerName } = codes
  if (!operator) errors.required(`${path}.operator`, 'valid values: ["In" "NotIn"]')
  else if (operator !== 'In' && operator !== 'NotIn')
    errors.notSupported(`${path}.operator`, operator, ['In', 'NotIn'])
  const containers = [...template.spec!.containers, ...(template.spec!.initContainers ?? [])]
  if (containerName !== undefined && !containers.some(({ name }) => name === containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.invalid(`${path}.containerName`, containerName, detail)
  }
  if (values.length === 0)
    errors.invalid(`${path}.values`, codes.values ?? null, 'at least one value is required')
  else if (values.length > valuesMax) errors.tooMany(`${path}.values`, values.length, valuesMax)
  values.forEach((value, i) => {
    if (operator === 'In' && value === 0)
      errors.invalid(`${path}.values[${i}]`, value, 'must not be 0 for the In operator')
    if (values.indexOf(value) < i) errors.duplicate(`${path}.values[${i}]`, value)
  })
  if (values.some((value, i) => i > 0 && values[i - 1]! > value)) {
    errors.invalid(`${path}.values`, values, 'must be ordered')
  }
}

function validateSuccessPolicy(spec: JobSpec, path: string, errors: FieldErrors): void {
  if (spec.completionMode !== 'Indexed') {
    return errors.invalid(
      path,
      internalValue('k8s.io/api/batch/v1.SuccessPolicy', spec.successPolicy),
      'requires indexed completion mode',
    )
  }
  const rules = spec.successPolicy?.rules ?? []
  if (rules.length === 0) {
    errors.required(
      `${path}.rules`,
      'at least one rules must be specified when the successPolicy is specified',
    )
  }
  if (rules.length > rulesMax) errors.tooMany(`${path}.rules`, rules.length, rulesMax)
  rules.forEach(({ succeededCount, succeededIndexes }, i) => {
    const at = `${path}.rules[${i}]`
    if (succeededCount === undefined && succeededIndexes === undefined) {
      errors.required(at, 'at least one of succeededCount or succeededIndexes must be specified')
    }
    nonnegative(succeededCount, `${at}.succeededCount`, errors)
    const completions = spec.completions ?? 0
    if (succeededCount !== undefined && succeededCount > completions) {
      const detail = `must be less than or equal to ${completions} (the number of specified completions)`
      errors.invalid(`${at}.succeededCount`, succeededCount, detail)
    }
  })
}
