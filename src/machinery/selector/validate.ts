import { labelValueErrors, qualifiedNameErrors } from '../meta/names.ts'
import type { FieldErrors } from '../validation/field-error.ts'
import type { LabelExpression, LabelSelectorSpec } from './label.ts'

/** Complaints about a label selector in an object (apimachinery meta/v1/validation ValidateLabelSelector). */
export function validateLabelSelector(
  spec: LabelSelectorSpec | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (!spec) return
  validateLabels(spec.matchLabels, `${path}.matchLabels`, errors)
  spec.matchExpressions?.forEach((expression, index) => {
    validateExpression(expression, `${path}.matchExpressions[${index}]`, errors)
  })
}

function validateExpression(
  { key, operator, values = [] }: LabelExpression,
  path: string,
  errors: FieldErrors,
): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    }
  } else {
    errors.invalid(`${path}.operator`, operator, 'not a valid selector operator')
  }
  for (const reason of qualifiedNameErrors(key)) errors.invalid(`${path}.key`, key, reason)
  values.forEach((value, index) => {
    for (const reason of labelValueErrors(value)) errors.invalid(`${path}.values[${index}]`, value, reason)
  })
}

/** Complaints about a map of labels (ValidateLabels). */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: string,
  errors: FieldErrors,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const reason of qualifiedNameErrors(key)) errors.invalid(path, key, reason)
    for (const reason of labelValueErrors(value)) errors.invalid(path, value, reason)
  }
}
