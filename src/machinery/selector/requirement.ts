import { labelValueErrors, qualifiedNameErrors } from '../meta/names.ts'
import { quote } from '../meta/quote.ts'
import { badRequest, formatFieldErrors } from '../status/errors.ts'
import type { FieldError } from '../validation/field-error.ts'

/** Spelled as upstream's selection.Operator, which is how a selector prints. */
export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt'

/** One condition on one label key. Immutable; the unit that a compiled index interns. */
export interface LabelRequirement {
  readonly key: string
  readonly operator: LabelOperator
  /** As they were given; `in` and `notin` have at least one, comparisons exactly one, existence none. */
  readonly values: readonly string[]
}

const operatorNames: readonly LabelOperator[] = ['in', 'notin', '=', '==', '!=', 'gt', 'lt', 'exists', '!']

/** The operators that stand between key and value, as upstream's parser lists them. */
export const binaryOperatorNames = operatorNames.slice(0, 7).join(', ')

/** Checks and builds a requirement. Throws 400 with upstream's NewRequirement text. */
export function labelRequirement(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
): LabelRequirement {
  const errors = [...keyErrors(key, 'key'), ...countErrors(operator, values)]
  values.forEach((value, index) => {
    const reasons = labelValueErrors(value)
    if (reasons.length > 0) errors.push(invalid(`values[${index}][${key}]`, quote(value), reasons.join('; ')))
  })
  if (errors.length > 0) throw badRequest(formatFieldErrors(errors))
  return { key, operator, values }
}

/** Complaints about a label key under a field name. */
export function keyErrors(key: string, field: string): FieldError[] {
  const reasons = qualifiedNameErrors(key)
  return reasons.length > 0 ? [invalid(field, quote(key), reasons.join('; '))] : []
}

function countErrors(operator: LabelOperator, values: readonly string[]): FieldError[] {
  const shown = values.length > 0 ? JSON.stringify(values) : 'null'
  const refuse = (detail: string) => [invalid('values', shown, detail)]
  switch (operator) {
    case 'in':
    case 'notin':
      return values.length > 0 ? [] : refuse("for 'in', 'notin' operators, values set can't be empty")
    case '=':
    case '==':
    case '!=':
      return values.length === 1 ? [] : refuse('exact-match compatibility requires one single value')
    case 'exists':
    case '!':
      return values.length === 0 ? [] : refuse('values set must be empty for exists and does not exist')
    case 'gt':
    case 'lt':
      return [
        ...(values.length === 1 ? [] : refuse("for 'Gt', 'Lt' operators, exactly one value is required")),
        ...values.flatMap((value, index) =>
          parseInt64(value) === undefined
            ? [
                invalid(
                  `values[${index}]`,
                  quote(value),
                  "for 'Gt', 'Lt' operators, the value must be an integer",
                ),
              ]
            : [],
        ),
      ]
  }
}

function invalid(field: string, shown: string, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${shown}: ${detail}` }
}

/** What Go's ParseInt(text, 10, 64) takes; undefined for anything else. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return BigInt.asIntN(64, value) === value ? value : undefined
}
