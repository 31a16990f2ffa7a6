/** Taints of devices and what tolerates them (KEP-5055; pkg/apis/resource/validation). */
import { labelValueErrors, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateOneOf } from '../../machinery/validation/values.ts'
import type { Device, DeviceTaint, DeviceToleration } from '../types/resource-v1.gen.ts'
import { validateEach } from './shared-rules.ts'

const effects = ['NoExecute', 'NoSchedule', 'None']
const operators = ['Equal', 'Exists']
const taintsMax = 16
const tolerationsMax = 16

/** Of a rule, or of a device; an effect that stays is not looked at again. */
export function validateDeviceTaint(
  { key = '', value, effect = '' }: Partial<DeviceTaint>,
  old: Partial<DeviceTaint> | undefined,
  path: string,
  errors: FieldErrors,
): void {
  invalidFor(errors, `${path}.key`, key, qualifiedNameErrors(key))
  if (value) invalidFor(errors, `${path}.value`, value, labelValueErrors(value))
  if (old && old.effect === effect) return
  if (effect) validateOneOf(effect, effects, `${path}.effect`, errors)
  else errors.required(`${path}.effect`)
}

export function validateDeviceTaints({ taints }: Device, path: string, errors: FieldErrors): void {
  const check = (taint: DeviceTaint, place: string) => validateDeviceTaint(taint, undefined, place, errors)
  validateEach(taints, { max: taintsMax, check }, `${path}.taints`, errors)
}

export function validateDeviceTolerations(
  tolerations: readonly DeviceToleration[] | undefined,
  path: string,
  errors: FieldErrors,
): void {
  validateEach(tolerations, { max: tolerationsMax, check: validateToleration }, path, errors)
}

function validateToleration(
  { key, operator = '', value = '', effect }: DeviceToleration,
  path: string,
  errors: FieldErrors,
): void {
  if (key) invalidFor(errors, `${path}.key`, key, qualifiedNameErrors(key))
  if (operator === 'Exists') {
    if (value) errors.invalid(`${path}.value`, value, 'must be empty for operator `Exists`')
  } else if (operator === 'Equal') invalidFor(errors, `${path}.value`, value, labelValueErrors(value))
  else if (operator) validateOneOf(operator, operators, `${path}.operator`, errors)
  else errors.required(`${path}.operator`)
  if (effect) validateOneOf(effect, effects, `${path}.effect`, errors)
}

/** No effect means all effects, no key all keys (dynamic-resource-allocation resourceclaim ToleratesTaint). */
export function toleratesDeviceTaint(
  { key, operator = '', value = '', effect }: DeviceToleration,
  taint: Pick<DeviceTaint, 'key' | 'value' | 'effect'>,
): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  if (operator === '' || operator === 'Equal') return value === (taint.value ?? '')
  return operator === 'Exists'
}
