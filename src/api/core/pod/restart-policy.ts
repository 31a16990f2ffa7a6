import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type {
  Container,
  ContainerResizePolicy,
  ContainerRestartRuleOnExitCodes,
} from '../../types/core-v1.gen.ts'

const policies = ['Always', 'Never', 'OnFailure']
const rulesMax = 20
const exitCodesMax = 255

/** A container's own restart policy and its rules by exit code (KEP-5307). */
export function validateContainerRestartPolicy(
  container: Container,
  path: string,
  errors: FieldErrors,
): void {
  const { restartPolicy, restartPolicyRules = [] } = container
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length > 0) {
      errors.required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used')
    }
  } else if (!policies.includes(restartPolicy))
    errors.notSupported(`${path}.restartPolicy`, restartPolicy, policies)
  if (restartPolicyRules.length > rulesMax) errors.tooLong(`${path}.restartPolicyRules`, rulesMax)
  restartPolicyRules.forEach(({ action, exitCodes }, i) => {
    const at = `${path}.restartPolicyRules[${i}]`
    if (action !== 'Restart') errors.notSupported(`${at}.action`, action, ['Restart'])
    if (exitCodes) validateExitCodes(exitCodes, `${at}.exitCodes`, errors)
    else errors.required(`${at}.exitCodes`, 'must be specified')
  })
}

/** Of an init container: one that restarts always is a sidecar, and knows no rules. */
export function validateInitRestartPolicy(container: Container, path: string, errors: FieldErrors): void {
  const { restartPolicy, restartPolicyRules = [] } = container
  if (restartPolicyRules.length > 0 && restartPolicy === undefined) {
    errors.required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used')
  } else if (restartPolicyRules.length > 0 && restartPolicy === 'Always') {
    const detail = 'restartPolicyRules are not allowed for init containers with restart policy Always'
    errors.forbidden(`${path}.restartPolicyRules`, detail)
  } else if (restartPolicy !== undefined) validateContainerRestartPolicy(container, path, errors)
}

function validateExitCodes(
  { operator, values = [] }: ContainerRestartRuleOnExitCodes,
  path: string,
  errors: FieldErrors,
): void {
  if (operator !== 'In' && operator !== 'NotIn')
    errors.notSupported(`${path}.operator`, operator, ['In', 'NotIn'])
  if (values.length > exitCodesMax) errors.tooLong(`${path}.values`, exitCodesMax)
}

/** What an in-place resize of each resource does to the container. Upstream leaves the index out of most paths. */
export function validateResizePolicy(
  resizePolicy: readonly ContainerResizePolicy[],
  podRestartPolicy: string,
  path: string,
  errors: FieldErrors,
): void {
  const seen = new Set<string>()
  resizePolicy.forEach(({ resourceName = '', restartPolicy = '' }, i) => {
    if (seen.has(resourceName)) errors.duplicate(`${path}[${i}]`, resourceName)
    seen.add(resourceName)
    validateNamed(resourceName, ['cpu', 'memory'], path, errors)
    validateNamed(restartPolicy, ['NotRequired', 'RestartContainer'], path, errors)
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.invalid(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'")
    }
  })
}

function validateNamed(value: string, values: readonly string[], path: string, errors: FieldErrors): void {
  if (!value) errors.required(path)
  else if (!values.includes(value)) errors.notSupported(path, value, values)
}
