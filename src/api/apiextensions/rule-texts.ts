/** Rules of `x-kubernetes-validations` themselves: their words, their places, and whether they compile. */
import { occurrencesMax } from '../../machinery/cel/declared-sizes.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions-v1.gen.ts'
import { findField } from './field-path.ts'
import { type CostAccount, openAccount } from './rule-costs.ts'
import { type RuleProgram, rulesOf } from './rule-programs.ts'
import { itemsOf } from './schema-walk.ts'

export interface RuleErrors {
  readonly compiles: boolean
  /** Complaints about words and paths, which a rule that cannot compile has too. */
  readonly wordsOnly: FieldErrors
  readonly compiled: FieldErrors
}

/** A rule that does not compile or may cost too much is refused here, so that none is ever passed over later. */
export function validateRuleTexts(root: JSONSchemaProps, path: string, errors: RuleErrors): void {
  const place: Place = { path, uncorrelatable: undefined, occurrences: 1, isRoot: true }
  visit(root, place, ({ schema, path: at }) =>
    schema['x-kubernetes-validations']!.forEach((rule, i) => {
      validateWords(schema, rule, `${at}.x-kubernetes-validations[${i}]`, errors.wordsOnly)
    }),
  )
  if (!errors.compiles || errors.wordsOnly.list.length > 0) return
  const account = openAccount(errors.compiled)
  visit(root, place, found => validateCompiled(found, account, errors.compiled))
  account.close(path)
}

interface Place {
  readonly path: string
  /** The list above whose items have no old value. */
  readonly uncorrelatable: string | undefined
  /** How often values of this place are in one object, as far as the schemas above bound it. */
  readonly occurrences: number | undefined
  readonly isRoot: boolean
}

interface Found extends Place {
  readonly schema: JSONSchemaProps
}

/** Tells schemas with rules, the inner ones first. */
function visit(schema: JSONSchemaProps, place: Place, tell: (found: Found) => void): void {
  const { path } = place
  const { additionalProperties, properties = {} } = schema
  const below = { ...place, isRoot: false, occurrences: occurrencesBelow(schema, place) }
  if (typeof additionalProperties === 'object')
    visit(additionalProperties, { ...below, path: `${path}.additionalProperties` }, tell)
  for (const [name, property] of Object.entries(properties))
    visit(property, { ...below, path: `${path}.properties[${name}]` }, tell)
  const items = itemsOf(schema)
  const isMap = schema['x-kubernetes-list-type'] === 'map'
  const uncorrelatable = place.uncorrelatable ?? (isMap ? undefined : path)
  if (items) visit(items, { ...below, path: `${path}.items`, uncorrelatable }, tell)
  if (schema['x-kubernetes-validations']?.length) tell({ ...place, schema })
}

function occurrencesBelow(schema: JSONSchemaProps, { occurrences }: Place): number | undefined {
  const { type, additionalProperties, maxProperties, maxItems } = schema
  if (occurrences === undefined) return undefined
  if (type === 'object' && additionalProperties !== undefined)
    return maxProperties === undefined ? undefined : occurrences * Math.max(0, Number(maxProperties))
  if (type !== 'array') return occurrences
  return maxItems === undefined ? undefined : occurrences * Math.max(0, Number(maxItems))
}

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const lineBreak = /[\r\n]/

function validateWords(
  schema: JSONSchemaProps,
  rule: ValidationRule,
  path: string,
  errors: FieldErrors,
): void {
  const { rule: text = '', message = '', messageExpression = '', reason, fieldPath = '' } = rule
  if (text.trim() === '') errors.required(`${path}.rule`, 'rule is not specified')
  else if (message !== '' && message.trim() === '')
    errors.invalid(`${path}.message`, message, 'must be non-empty if specified')
  else if (lineBreak.test(message.trim()))
    errors.invalid(`${path}.message`, message, 'must not contain line breaks')
  else if (lineBreak.test(text.trim()) && message.trim() === '')
    errors.required(`${path}.message`, 'message must be specified if rule contains line breaks')
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified')
  if (reason !== undefined && !reasons.includes(reason))
    errors.notSupported(`${path}.reason`, reason, reasons)
  const at = `${path}.fieldPath`
  if (fieldPath !== '' && fieldPath.trim() === '')
    errors.invalid(at, fieldPath, 'must be non-empty if specified')
  if (lineBreak.test(fieldPath)) errors.invalid(at, fieldPath, 'must not contain line breaks')
  if (fieldPath !== '' && 'fault' in findField(fieldPath, schema))
    errors.invalid(at, fieldPath, 'must be a valid path')
}

function validateCompiled(found: Found, account: CostAccount, errors: FieldErrors): void {
  const { schema, path, isRoot } = found
  const compiled = rulesOf(schema, isRoot)
  if (!compiled) {
    const detail =
      'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations'
    return errors.internal(`${path}.x-kubernetes-validations`, detail)
  }
  const occurrences = found.occurrences ?? occurrencesMax(compiled.bounds)
  for (const [i, program] of compiled.rules.entries())
    validateProgram(
      program,
      { ...found, path: `${path}.x-kubernetes-validations[${i}]`, occurrences },
      { account, errors },
    )
}

interface Verdict {
  readonly account: CostAccount
  readonly errors: FieldErrors
}

function validateProgram(
  { rule, condition, message, usesOldSelf }: RuleProgram,
  { path, uncorrelatable, occurrences = 1 }: Found,
  { account, errors }: Verdict,
): void {
  if ('fault' in condition) errors.invalid(`${path}.rule`, shownRule(rule), condition.fault)
  else account.charge('rule', `${path}.rule`, condition.costMax * occurrences)
  if (message && 'fault' in message)
    errors.invalid(`${path}.messageExpression`, shownRule(rule), message.fault)
  else if (message) account.charge('messageExpression', `${path}.messageExpression`, message.costMax)
  if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
    const detail = 'may not be set if oldSelf is not used in rule'
    errors.invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, detail)
  } else if (usesOldSelf && uncorrelatable !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`
    errors.invalid(`${path}.rule`, rule.rule, detail)
  }
}

/** Upstream shows the rule in its internal form, every field of it. */
function shownRule(rule: ValidationRule): unknown {
  return {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }
}
