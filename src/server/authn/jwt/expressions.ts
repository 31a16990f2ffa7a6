import { compileIn } from '../../../machinery/cel/compile.ts'
import { environmentWith } from '../../../machinery/cel/environment.ts'
import { fromJson, toJson } from '../../../machinery/cel/json.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'

/** A compiled expression over `claims` or `user`. Throws when it cannot be evaluated. */
export interface Expression {
  readonly text: string
  evaluate(subject: object): unknown
}

/** Compiles; a fault is added to `errors` at `path` and answers undefined. */
export function compileExpression(
  variable: 'claims' | 'user',
  text: string,
  path: string,
  errors: FieldErrors,
): Expression | undefined {
  const checked = compileIn(environmentWith(variable), text)
  if ('fault' in checked) {
    errors.invalid(path, text, checked.fault)
    return undefined
  }
  return { text, evaluate: subject => toJson(checked.evaluate(() => fromJson(subject)).value) }
}

/** Whether an expression looks at a claim by `claims.NAME` or `claims['NAME']`. */
export function looksAtClaim(text: string | undefined, name: string): boolean {
  const quoted = `claims\\s*\\[\\s*['"]${name}['"]`
  return text !== undefined && new RegExp(`\\bclaims\\s*\\.\\s*\\??${name}\\b|\\b${quoted}`).test(text)
}
