import { labelValueErrors, qualifiedNameErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import type { Toleration } from '../../types/core-v1.gen.ts'

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** The effect of a taint, which must be named. */
export function validateTaintEffect(effect: string, path: string, errors: FieldErrors): void {
  if (!effect) errors.required(path)
  else if (!taintEffects.includes(effect)) errors.notSupported(path, effect, taintEffects)
}

/** Tolerations of a pod (pkg/apis/core/validation ValidateTolerations). */
export function validateTolerations(
  tolerations: readonly Toleration[],
  path: string,
  errors: FieldErrors,
): void {
  tolerations.forEach((toleration, i) => {
    validateToleration(toleration, `${path}[${i}]`, errors)
  })
}

function validateToleration(toleration: Toleration, path: string, errors: FieldErrors): void {
  const { key = '', operator = '', effect = '' } = toleration
  if (key) invalidFor(errors, `${path}.key`, key, qualifiedNameErrors(key))
  else if (operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.invalid(`${path}.operator`, operator, detail)
  }
  if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
  }
  validateOperator(operator, toleration.value ?? '', `${path}.operator`, errors)
  if (effect) validateTaintEffect(effect, `${path}.effect`, errors)
}

function validateOperator(operator: string, value: string, path: string, errors: FieldErrors): void {
  if (operator === '' || operator === 'Equal') {
    const reasons = labelValueErrors(value)
    if (reasons.length > 0) errors.invalid(path, value, reasons.join(';'))
  } else if (operator === 'Exists') {
    if (value) errors.invalid(path, value, "value must be empty when `operator` is 'Exists'")
  } else if (operator === 'Lt' || operator === 'Gt') {
    errors.notSupported(path, operator, ['Equal', 'Exists', 'Lt', 'Gt'])
  } else errors.notSupported(path, operator, ['Equal', 'Exists'])
}
