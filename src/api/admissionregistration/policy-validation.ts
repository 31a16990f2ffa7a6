/** Rules of ValidatingAdmissionPolicies and their bindings (pkg/apis/admissionregistration/validation). */
import { qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from '../types/admissionregistration-v1.gen.ts'
import {
  annotationTypes,
  compileExpression,
  conditionTypes,
  type ExpressionScope,
  expressionEnvironment,
  messageTypes,
} from './expressions.ts'
import { validateBindingScope, validatePolicyScope } from './policy-scope.ts'

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const annotationsMax = 20
const valueExpressionBytesMax = 5 * 1024

/** A policy that may be stored: all its expressions compile. */
export function validatePolicy(policy: ValidatingAdmissionPolicy, errors: FieldErrors): void {
  const { spec = {} } = policy
  const scope = validatePolicyScope(spec, errors)
  validateExpressions(policy, scope, errors)
}

function validateExpressions(
  { spec = {}, metadata }: ValidatingAdmissionPolicy,
  scope: ExpressionScope,
  errors: FieldErrors,
): void {
  const { validations = [], auditAnnotations = [] } = spec
  if (validations.length + auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item'
    errors.required('spec.validations', detail)
    errors.required('spec.auditAnnotations', detail)
    return
  }
  for (const [i, validation] of validations.entries())
    validateValidation(validation, `spec.validations[${i}]`, scope, errors)
  const keys = new Set<string>()
  if (auditAnnotations.length > annotationsMax) {
    const detail = `must not have more than ${annotationsMax} auditAnnotations`
    errors.invalid('spec.auditAnnotations', auditAnnotations, detail)
  }
  for (const [i, annotation] of auditAnnotations.entries()) {
    const path = `spec.auditAnnotations[${i}]`
    validateAnnotation(annotation, { path, policy: metadata.name ?? '', scope }, errors)
    if (keys.has(annotation.key)) errors.duplicate(`${path}.key`, annotation.key)
    keys.add(annotation.key)
  }
}

function validateValidation(
  { expression = '', message = '', messageExpression = '', reason }: Validation,
  path: string,
  scope: ExpressionScope,
  errors: FieldErrors,
): void {
  if (expression.trim() === '') errors.required(`${path}.expression`, 'expression is not specified')
  else {
    const compiled = compileExpression(expression, expressionEnvironment(scope), conditionTypes)
    if ('fault' in compiled) errors.invalid(`${path}.expression`, expression, compiled.fault)
  }
  if (messageExpression !== '') validateMessageExpression(messageExpression, path, scope, errors)
  if (message !== '' && message.trim() === '')
    errors.invalid(`${path}.message`, message, 'must be non-empty if specified')
  else if (/[\r\n]/.test(message.trim()))
    errors.invalid(`${path}.message`, message, 'must not contain line breaks')
  if (reason !== undefined && !reasons.includes(reason))
    errors.notSupported(`${path}.reason`, reason, reasons)
}

function validateMessageExpression(
  text: string,
  path: string,
  scope: ExpressionScope,
  errors: FieldErrors,
): void {
  const at = `${path}.messageExpression`
  if (text.trim() === '') return errors.invalid(at, text, 'must be non-empty if specified')
  const environment = expressionEnvironment({ ...scope, hasAuthorizer: false })
  const compiled = compileExpression(text, environment, messageTypes)
  if ('fault' in compiled) errors.invalid(at, text, compiled.fault)
}

interface AnnotationPlace {
  readonly path: string
  readonly policy: string
  readonly scope: ExpressionScope
}

function validateAnnotation(
  { key = '', valueExpression = '' }: AuditAnnotation,
  { path, policy, scope }: AnnotationPlace,
  errors: FieldErrors,
): void {
  if (policy === '') errors.invalid(`${path}.key`, key, 'requires metadata.name be non-empty')
  else invalidFor(errors, `${path}.key`, `${policy}/${key}`, qualifiedNameErrors(`${policy}/${key}`))
  const at = `${path}.valueExpression`
  const text = valueExpression.trim()
  if (text === '') return errors.required(at, 'valueExpression is not specified')
  if (Buffer.byteLength(text) > valueExpressionBytesMax)
    return errors.required(at, `must not exceed ${valueExpressionBytesMax} bytes in length`)
  const compiled = compileExpression(text, expressionEnvironment(scope), annotationTypes)
  if ('fault' in compiled) errors.invalid(at, valueExpression, compiled.fault)
}

const actions = ['Audit', 'Deny', 'Warn']

export function validatePolicyBinding(
  { spec = {} }: ValidatingAdmissionPolicyBinding,
  errors: FieldErrors,
): void {
  const { validationActions = [] } = spec
  validateBindingScope(spec, errors)
  validateActions(validationActions, 'spec.validationActions', errors)
}

function validateActions(given: readonly string[], path: string, errors: FieldErrors): void {
  for (const [i, action] of given.entries()) {
    if (!actions.includes(action)) errors.notSupported(`${path}[${i}]`, action, actions)
    if (given.indexOf(action) < i) errors.duplicate(`${path}[${i}]`, action)
  }
  if (given.includes('Deny') && given.includes('Warn')) {
    const detail =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
    errors.invalid(path, given, detail)
  }
  if (given.length === 0) errors.required(path, 'at least one validation action is required')
}
