import { qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import type { MatchCondition } from '../types/admissionregistration-v1.gen.ts'
import { compileExpression, conditionTypes, expressionEnvironment } from './expressions.ts'

const conditionsMax = 64

/** Conditions of webhooks and policies: few, each with a name of its own, each compiling (validateMatchConditions). */
export function validateMatchConditions(
  conditions: readonly MatchCondition[] = [],
  path: string,
  hasParams: boolean,
  errors: FieldErrors,
): void {
  if (conditions.length > conditionsMax) errors.tooMany(path, conditions.length, conditionsMax)
  const names = new Set<string>()
  for (const [i, { name = '', expression = '' }] of conditions.entries()) {
    const at = `${path}[${i}]`
    const text = expression.trim()
    if (text === '') errors.required(`${at}.expression`)
    else {
      const environment = expressionEnvironment({ hasParams, hasAuthorizer: true })
      const compiled = compileExpression(text, environment, conditionTypes)
      if ('fault' in compiled) errors.invalid(`${at}.expression`, text, compiled.fault)
    }
    if (name === '') errors.required(`${at}.name`)
    else invalidFor(errors, `${at}.name`, name, qualifiedNameErrors(name))
    if (name !== '' && names.has(name)) errors.duplicate(`${at}.name`, name)
    names.add(name)
  }
}
