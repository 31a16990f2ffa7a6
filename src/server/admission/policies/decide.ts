/** What a policy says about one request with one set of params (policy/validating/validator.go). */
import type { AuditAnnotation } from '../../../api/types/admissionregistration-v1.gen.ts'
import type { Value } from '../../../machinery/cel/language/value.ts'
import { typeNameOf } from '../../../machinery/cel/language/value.ts'
import type { Clock } from '../../../std/ports.ts'
import type { Steps } from '../../../std/turns.ts'
import {
  type Evaluation,
  type Evaluator,
  type ExpressionInput,
  evaluator,
  OutOfBudget,
  policyBudget,
} from '../expressions/evaluation.ts'
import type { CompiledPolicy, CompiledValidation } from './compile.ts'

const messageBytesMax = 5 * 1024

type Stopwatch = Pick<Clock, 'monotonicMs'>

/** One validation that failed; those that hold say nothing. */
export interface Denial {
  /** Which validation. */
  readonly index: number
  readonly message: string
  readonly reason?: string
  /** It could not be evaluated, and the failure policy says that this does not matter. */
  readonly isIgnored?: true
  /** How long its evaluation took. */
  readonly ms: number
}

export type AnnotationResult =
  | { readonly key: string; readonly value: string }
  | { readonly key: string; readonly error: string }

export interface Decision {
  readonly denials: readonly Denial[]
  readonly annotations: readonly AnnotationResult[]
}

/** Evaluates all validations and audit annotations; what cannot be evaluated is as the failure policy says. */
export function* decide(policy: CompiledPolicy, input: ExpressionInput, clock: Stopwatch): Steps<Decision> {
  const startMs = clock.monotonicMs()
  try {
    const denials = yield* validate(policy, input, clock)
    const annotations = yield* annotate(policy, input)
    return { denials, annotations }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error
    return { denials: [failure(policy, 0, error.message, clock.monotonicMs() - startMs)], annotations: [] }
  }
}

/** What could not be evaluated counts as the failure policy says. */
export function failure(
  { ignoresFailures }: Pick<CompiledPolicy, 'ignoresFailures'>,
  index: number,
  message: string,
  ms: number,
): Denial {
  return { index, message, ms, ...(ignoresFailures && { isIgnored: true }) }
}

function* validate(policy: CompiledPolicy, input: ExpressionInput, clock: Stopwatch): Steps<Denial[]> {
  const conditions = evaluator(input, policyBudget)
  const outcomes: { readonly outcome: Evaluation; readonly ms: number }[] = []
  for (const { validation, condition } of policy.validations) {
    const startMs = clock.monotonicMs()
    const outcome = yield* conditions.evaluate(validation.expression, condition)
    outcomes.push({ outcome, ms: clock.monotonicMs() - startMs })
    yield
  }
  const { ask: _ask, ...withoutAuthorizer } = input
  const messages = evaluator(withoutAuthorizer, conditions.left)
  const texts = yield* evaluateMessages(policy, messages)
  return outcomes.flatMap((outcome, index): Denial[] => {
    const text = texts instanceof OutOfBudget ? texts : texts[index]
    return denialOf(policy, { index, ...outcome, text })
  })
}

type MessageText = Evaluation | OutOfBudget | undefined

function* evaluateMessages(
  { validations }: CompiledPolicy,
  messages: Evaluator,
): Steps<MessageText[] | OutOfBudget> {
  try {
    const texts: MessageText[] = []
    for (const { validation, message } of validations)
      texts.push(message && (yield* messages.evaluate(validation.messageExpression ?? '', message)))
    return texts
  } catch (error) {
    if (error instanceof OutOfBudget) return error
    throw error
  }
}

interface Judged {
  readonly index: number
  readonly outcome: Evaluation
  readonly text: MessageText
  readonly ms: number
}

function denialOf(policy: CompiledPolicy, { index, outcome, text, ms }: Judged): Denial[] {
  const failed = (message: string) => [failure(policy, index, message, ms)]
  if ('error' in outcome) return failed(outcome.error)
  if (text instanceof OutOfBudget) return failed(`failed messageExpression: ${text.message}`)
  if (outcome.value === true) return []
  const { validation } = policy.validations[index]!
  const message = messageOf(policy.validations[index]!, text)
  return [{ index, message, reason: validation.reason ?? 'Invalid', ms }]
}

function messageOf({ validation }: CompiledValidation, text: Evaluation | undefined): string {
  const made = text && 'value' in text ? usableMessage(text.value) : ''
  return made || (validation.message ?? '').trim() || `failed expression: ${validation.expression.trim()}`
}

function usableMessage(value: Value): string {
  if (typeof value !== 'string') return ''
  const text = value.trim()
  return Buffer.byteLength(text) > messageBytesMax || text.includes('\n') ? '' : text
}

function* annotate(
  policy: CompiledPolicy,
  { ask: _ask, ...input }: ExpressionInput,
): Steps<AnnotationResult[]> {
  const annotations = evaluator(input, policyBudget)
  const results: AnnotationResult[] = []
  for (const { annotation, compiled } of policy.annotations) {
    const outcome = yield* annotations.evaluate(annotation.valueExpression, compiled)
    results.push(...annotationOf(policy, annotation, outcome))
  }
  return results
}

function annotationOf(
  policy: CompiledPolicy,
  { key, valueExpression }: AuditAnnotation,
  outcome: Evaluation,
): AnnotationResult[] {
  if ('error' in outcome) return policy.ignoresFailures ? [] : [{ key, error: outcome.error }]
  if (outcome.value === null) return []
  if (typeof outcome.value === 'string') {
    const value = outcome.value.trim()
    return value === '' ? [] : [{ key, value }]
  }
  const found = typeNameOf(outcome.value)
  const error = `valueExpression '${valueExpression}' resulted in unsupported return type: ${found}. Return type must be either string or null.`
  return [{ key, error }]
}
