/** Labels and label selectors (apimachinery apis/meta/v1/validation). */
import { labelValueErrors, qualifiedNameErrors } from '../meta/names.ts'
import type { FieldErrors } from './field-error.ts'
import { invalidFor } from './field-errors.ts'

interface LabelSelectorLike {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly LabelExpressionLike[]
}

interface LabelExpressionLike {
  readonly key?: string
  readonly operator?: string
  readonly values?: readonly string[]
}

/** Keys are qualified names, values are label values; both complaints name the map. */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: string,
  errors: FieldErrors,
): void {
  for (const key in labels) {
    const value = labels[key]!
    invalidFor(errors, path, key, qualifiedNameErrors(key))
    invalidFor(errors, path, value, labelValueErrors(value))
  }
}

/** Checks a meta/v1 LabelSelector; an absent one is fine. */
export function validateLabelSelector(
  selector: LabelSelectorLike | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (!selector) return
  validateLabels(selector.matchLabels, `${path}.matchLabels`, errors)
  selector.matchExpressions?.forEach((expression, index) => {
    validateExpression(expression, `${path}.matchExpressions[${index}]`, errors)
  })
}

function validateExpression(expression: LabelExpressionLike, path: string, errors: FieldErrors): void {
  const { key = '', operator = '', values = [] } = expression
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    }
  } else errors.invalid(`${path}.operator`, operator, 'not a valid selector operator')
  invalidFor(errors, `${path}.key`, key, qualifiedNameErrors(key))
  values.forEach((value, index) => {
    invalidFor(errors, `${path}.values[${index}]`, value, labelValueErrors(value))
  })
}

/** Whether the selector selects everything. */
export function isEmptySelector(selector: LabelSelectorLike | undefined): boolean {
  if (!selector) return true
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0
}
