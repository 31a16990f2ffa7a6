/** Rules of ValidatingAdmissionPolicies and their bindings (pkg/apis/admissionregistration/validation). */
import { dynType, type Type } from '../../machinery/cel/language/type.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import {
  dns1035LabelErrors,
  dns1123SubdomainErrors,
  nameIsDnsSubdomain,
  nameIsPathSegment,
  qualifiedNameErrors,
} from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import type {
  AuditAnnotation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '../types/admissionregistration-v1.gen.ts'
import {
  annotationTypes,
  compileExpression,
  conditionTypes,
  type ExpressionScope,
  expressionEnvironment,
  messageTypes,
} from './expressions.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { validateMatchResources } from './rule-validation.ts'

const failurePolicies = ['Fail', 'Ignore']
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const annotationsMax = 20
const valueExpressionBytesMax = 5 * 1024
const notFoundActions = ['Deny', 'Allow']

/** A policy that may be stored: all its expressions compile. */
export function validatePolicy(policy: ValidatingAdmissionPolicy, errors: FieldErrors): void {
  const { spec = {} } = policy
  const { failurePolicy = '', paramKind, matchConstraints, matchConditions } = spec
  if (!failurePolicies.includes(failurePolicy))
    errors.notSupported('spec.failurePolicy', failurePolicy, failurePolicies)
  if (paramKind) validateParamKind(paramKind, 'spec.paramKind', errors)
  if (!matchConstraints) errors.required('spec.matchConstraints')
  else {
    validateMatchResources(matchConstraints, 'spec.matchConstraints', errors)
    if (!matchConstraints.resourceRules?.length) errors.required('spec.matchConstraints.resourceRules')
  }
  const hasParams = paramKind !== undefined
  validateMatchConditions(matchConditions, 'spec.matchConditions', hasParams, errors)
  const variables = validateVariables(spec.variables, hasParams, errors)
  validateExpressions(policy, { hasParams, hasAuthorizer: true, ...(variables && { variables }) }, errors)
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

function validateParamKind(
  { apiVersion = '', kind = '' }: ParamKind,
  path: string,
  errors: FieldErrors,
): void {
  if (apiVersion === '') errors.required(`${path}.apiVersion`)
  else validateParamVersion(apiVersion, `${path}.apiVersion`, errors)
  if (kind === '') return errors.required(`${path}.kind`)
  const faults = dns1035LabelErrors(kind.toLowerCase())
  if (faults.length > 0)
    errors.invalid(
      `${path}.kind`,
      kind,
      `may have mixed case, but should otherwise match: ${faults.join(',')}`,
    )
}

function validateParamVersion(apiVersion: string, path: string, errors: FieldErrors): void {
  const parsed = fromApiVersion(apiVersion)
  if (!parsed) return errors.invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)
  const { group, version } = parsed
  const faults = group === '' ? [] : dns1123SubdomainErrors(group)
  if (faults.length > 0) errors.invalid(path, group, faults.join(','))
  const versionFaults = dns1035LabelErrors(version)
  if (versionFaults.length > 0) errors.invalid(path, version, versionFaults.join(','))
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

/** The types of the variables, for the expressions that follow; undefined where a policy has none. */
function validateVariables(
  variables: readonly Variable[] = [],
  hasParams: boolean,
  errors: FieldErrors,
): Readonly<Record<string, Type>> | undefined {
  if (variables.length === 0) return undefined
  const types: Record<string, Type> = {}
  for (const [i, { name = '', expression = '' }] of variables.entries()) {
    const path = `spec.variables[${i}]`
    if (name.trim() === '') errors.required(`${path}.name`, 'name is not specified')
    else if (!identifier.test(name) || reserved.has(name))
      errors.invalid(`${path}.name`, name, 'must be a valid CEL identifier')
    if (expression.trim() === '') {
      errors.required(`${path}.expression`, 'expression is not specified')
      continue
    }
    const environment = expressionEnvironment({ hasParams, hasAuthorizer: true, variables: { ...types } })
    const compiled = compileExpression(expression, environment)
    if ('fault' in compiled) errors.invalid(`${path}.expression`, expression, compiled.fault)
    types[name] = 'fault' in compiled ? dynType : compiled.type
  }
  return types
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
  const { policyName = '', paramRef, matchResources, validationActions = [] } = spec
  if (policyName === '') errors.required('spec.policyName')
  else invalidFor(errors, 'spec.policyName', policyName, nameIsDnsSubdomain(policyName, false))
  if (paramRef) validateParamRef(paramRef, 'spec.paramRef', errors)
  validateMatchResources(matchResources, 'spec.matchResources', errors)
  validateActions(validationActions, 'spec.validationActions', errors)
}

function validateParamRef(ref: ParamRef, path: string, errors: FieldErrors): void {
  const { name = '', selector, parameterNotFoundAction = '' } = ref
  const exclusive = 'name and selector are mutually exclusive'
  if (name !== '') {
    invalidFor(errors, `${path}.name`, name, nameIsPathSegment(name, false))
    if (selector) errors.forbidden(`${path}.name`, exclusive)
  }
  if (selector) {
    validateLabelSelector(selector, `${path}.selector`, errors)
    if (name !== '') errors.forbidden(`${path}.selector`, exclusive)
  }
  if (name === '' && !selector) errors.required(path, 'one of name or selector must be specified')
  const at = `${path}.parameterNotFoundAction`
  if (parameterNotFoundAction === '') errors.required(at)
  else if (!notFoundActions.includes(parameterNotFoundAction))
    errors.notSupported(at, parameterNotFoundAction, notFoundActions)
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
