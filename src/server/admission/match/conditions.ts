/** Match conditions of webhooks and policies (webhook/matchconditions/matcher.go). */
import {
  compileExpression,
  conditionTypes,
  type ExpressionResult,
  type ExpressionScope,
  expressionEnvironment,
} from '../../../api/admissionregistration/expressions.ts'
import type { MatchCondition } from '../../../api/types/admissionregistration-v1.gen.ts'
import type { Clock } from '../../../std/ports.ts'
import type { Steps } from '../../../std/turns.ts'
import { aggregateText } from '../../authz/rbac.ts'
import { evaluateWaiting } from '../expressions/access.ts'
import { type Evaluation, type ExpressionInput, evaluator, OutOfBudget } from '../expressions/evaluation.ts'

/** Upstream's RuntimeCELCostBudgetMatchConditions. */
const budget = 2_500_000

export type ConditionOutcome =
  | { readonly matches: boolean }
  /** They could not be evaluated, and the failure policy is to fail. */
  | { readonly error: string }

export interface MatchConditions {
  evaluate(input: ExpressionInput, clock: Clock): Promise<ConditionOutcome>
}

interface Condition {
  readonly text: string
  readonly compiled: ExpressionResult
}

/** Compiles conditions; what does not compile fails when it is asked. */
export function compileMatchConditions(
  conditions: readonly MatchCondition[],
  failurePolicy: string | undefined,
  scope: ExpressionScope = { hasParams: false, hasAuthorizer: true },
): MatchConditions {
  const environment = expressionEnvironment(scope)
  const compiled = conditions.map(({ expression }) => ({
    text: expression,
    compiled: compileExpression(expression, environment, conditionTypes),
  }))
  return {
    evaluate: (input, clock) =>
      evaluateWaiting(() => evaluateAll(compiled, input, failurePolicy === 'Ignore'), clock),
  }
}

/** One that is false decides, whatever failed before it. */
function* evaluateAll(
  conditions: readonly Condition[],
  input: ExpressionInput,
  ignores: boolean,
): Steps<ConditionOutcome> {
  const { evaluate } = evaluator(input, budget)
  const errors: string[] = []
  try {
    const outcomes: Evaluation[] = []
    for (const { text, compiled } of conditions) outcomes.push(yield* evaluate(text, compiled))
    for (const outcome of outcomes) {
      if ('error' in outcome) errors.push(outcome.error)
      else if (outcome.value === false) return { matches: false }
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error
    return ignores ? { matches: false } : { error: error.message }
  }
  if (errors.length === 0) return { matches: true }
  return ignores ? { matches: false } : { error: aggregateText(errors) }
}
