import { compileIn } from '../../machinery/cel/compile.ts'
import { environmentWith } from '../../machinery/cel/environment.ts'
import { fromJson } from '../../machinery/cel/json.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { messageOf } from '../../std/message.ts'

/** A condition over `request`, the SubjectAccessReviewSpec of a question. */
export interface MatchCondition {
  readonly text: string
  evaluate(request: object): unknown
}

/** Compiles a condition; a fault is added to `errors` at `path`. */
export function compileCondition(
  text: string,
  path: string,
  errors: FieldErrors,
): MatchCondition | undefined {
  const checked = compileIn(environmentWith('request'), text)
  if ('fault' in checked) errors.invalid(path, text, checked.fault)
  else if (checked.type.kind !== 'bool' && checked.type.kind !== 'dyn')
    errors.invalid(path, text, 'must evaluate to bool')
  else return { text, evaluate: request => checked.evaluate(() => fromJson(request)).value }
  return undefined
}

/**
 * Whether all conditions hold. One that is false decides even when another cannot be evaluated; otherwise that one
 * is thrown (KEP-3221).
 */
export function holds(conditions: readonly MatchCondition[], request: object): boolean {
  let failure: Error | undefined
  for (const { text, evaluate } of conditions) {
    try {
      if (evaluate(request) !== true) return false
    } catch (cause) {
      const reason = messageOf(cause)
      const told = `cel evaluation error: expression '${text}' resulted in error: ${reason}`
      failure ??= new Error(told, { cause })
    }
  }
  if (failure) throw failure
  return true
}
