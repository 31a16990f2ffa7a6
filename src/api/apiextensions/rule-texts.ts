/** Rules of `x-kubernetes-validations` themselves: their words, their places, and whether they compile. */
import { compile } from '../../machinery/cel/compile.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions-v1.gen.ts'
import { findField } from './field-path.ts'
import { itemsOf } from './schema-walk.ts'

export interface RuleErrors {
  readonly compiles: boolean
  /** Complaints about words and paths, which a rule that cannot compile has too. */
  readonly wordsOnly: FieldErrors
  readonly compiled: FieldErrors
}

/** A rule that does not compile is refused here, so that none is ever passed over later. */
export function validateRuleTexts(root: JSONSchemaProps, path: string, errors: RuleErrors): void {
  visit(root, { path, uncorrelatable: undefined }, ({ schema, rule, at }) =>
    validateWords(schema, rule, at, errors.wordsOnly),
  )
  if (!errors.compiles || errors.wordsOnly.list.length > 0) return
  visit(root, { path, uncorrelatable: undefined }, found => validateCompiled(found, errors.compiled))
}

interface Place {
  readonly path: string
  /** The list above whose items have no old value. */
  readonly uncorrelatable: string | undefined
}

interface Found {
  readonly schema: JSONSchemaProps
  readonly rule: ValidationRule
  readonly at: string
  readonly uncorrelatable: string | undefined
}

function visit(schema: JSONSchemaProps, { path, uncorrelatable }: Place, tell: (found: Found) => void): void {
  const { additionalProperties, properties = {} } = schema
  if (typeof additionalProperties === 'object')
    visit(additionalProperties, { path: `${path}.additionalProperties`, uncorrelatable }, tell)
  for (const [name, property] of Object.entries(properties))
    visit(property, { path: `${path}.properties[${name}]`, uncorrelatable }, tell)
  const items = itemsOf(schema)
  const isMap = schema['x-kubernetes-list-type'] === 'map'
  if (items)
    visit(
      items,
      { path: `${path}.items`, uncorrelatable: uncorrelatable ?? (isMap ? undefined : path) },
      tell,
    )
  schema['x-kubernetes-validations']?.forEach((rule, i) => {
    tell({ schema, rule, at: `${path}.x-kubernetes-validations[${i}]`, uncorrelatable })
  })
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

function validateCompiled({ rule, at, uncorrelatable }: Found, errors: FieldErrors): void {
  const compiled = compile(rule.rule, 'bool')
  if ('fault' in compiled) errors.invalid(`${at}.rule`, shownRule(rule), compiled.fault)
  const said = rule.messageExpression ? compile(rule.messageExpression, 'string') : undefined
  if (said && 'fault' in said) {
    const fault = said.fault.replace(/^compilation failed/, 'messageExpression compilation failed')
    errors.invalid(`${at}.messageExpression`, shownRule(rule), fault)
  }
  if ('fault' in compiled) return
  if (!compiled.usesOldSelf) {
    if (rule.optionalOldSelf === undefined) return
    const detail = 'may not be set if oldSelf is not used in rule'
    errors.invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, detail)
  } else if (uncorrelatable !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`
    errors.invalid(`${at}.rule`, rule.rule, detail)
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
