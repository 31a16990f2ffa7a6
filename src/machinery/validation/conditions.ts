import { qualifiedNameErrors } from '../meta/names.ts'
import type { FieldErrors } from './field-error.ts'
import { invalidFor } from './field-errors.ts'

interface ConditionLike {
  readonly type?: string
  readonly status?: string
  readonly observedGeneration?: number
  readonly lastTransitionTime?: string
  readonly reason?: string
  readonly message?: string
}

const statuses = ['False', 'True', 'Unknown']
const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonText = `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${reasonPattern}')`
const reasonMax = 1024
const messageMax = 32 * 1024

/** meta/v1 Conditions: known words, a reason, a time, no type twice (apis/meta/v1/validation ValidateConditions). */
export function validateConditions(
  conditions: readonly ConditionLike[] = [],
  path: string,
  errors: FieldErrors,
): void {
  const seen = new Set<string>()
  conditions.forEach((condition, i) => {
    const { type = '' } = condition
    if (seen.has(type)) errors.duplicate(`${path}[${i}].type`, type)
    seen.add(type)
    validateCondition(condition, `${path}[${i}]`, errors)
  })
}

function validateCondition(condition: ConditionLike, path: string, errors: FieldErrors): void {
  const { type = '', status = '', observedGeneration = 0, reason = '', message = '' } = condition
  invalidFor(errors, `${path}.type`, type, qualifiedNameErrors(type))
  if (!statuses.includes(status)) errors.notSupported(`${path}.status`, status, statuses)
  if (observedGeneration < 0)
    errors.invalid(`${path}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero')
  if (!condition.lastTransitionTime) errors.required(`${path}.lastTransitionTime`)
  if (!reason) errors.required(`${path}.reason`)
  else {
    if (!new RegExp(`^${reasonPattern}$`).test(reason)) errors.invalid(`${path}.reason`, reason, reasonText)
    if (reason.length > reasonMax) errors.tooLong(`${path}.reason`, reasonMax)
  }
  if (message.length > messageMax) errors.tooLong(`${path}.message`, messageMax)
}
