/** What policies and bindings of both sorts say alike: which requests, with which params (pkg/apis/admissionregistration/validation). */
import { dynType, type Type } from '../../machinery/cel/language/type.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import {
  dns1035LabelErrors,
  dns1123SubdomainErrors,
  nameIsDnsSubdomain,
  nameIsPathSegment,
} from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  ParamRef,
  Variable,
} from '../types/admissionregistration-v1.gen.ts'
import { compileExpression, type ExpressionScope, expressionEnvironment } from './expressions.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { validateMatchResources } from './rule-validation.ts'

const failurePolicies = ['Fail', 'Ignore']
const notFoundActions = ['Deny', 'Allow']

interface ScopeSpec {
  failurePolicy?: string
  paramKind?: ParamKind
  matchConstraints?: MatchResources
  matchConditions?: MatchCondition[]
  variables?: Variable[]
}

/** Everything of a policy but what it does; what its expressions may name. `more` are rules about its match constraints. */
export function validatePolicyScope(
  spec: ScopeSpec,
  errors: FieldErrors,
  more: (match: MatchResources) => void = () => {},
): ExpressionScope {
  const { failurePolicy = '', paramKind, matchConstraints, matchConditions } = spec
  if (!failurePolicies.includes(failurePolicy))
    errors.notSupported('spec.failurePolicy', failurePolicy, failurePolicies)
  if (paramKind) validateParamKind(paramKind, 'spec.paramKind', errors)
  if (!matchConstraints) errors.required('spec.matchConstraints')
  else {
    validateMatchResources(matchConstraints, 'spec.matchConstraints', errors)
    if (!matchConstraints.resourceRules?.length) errors.required('spec.matchConstraints.resourceRules')
    more(matchConstraints)
  }
  const hasParams = paramKind !== undefined
  validateMatchConditions(matchConditions, 'spec.matchConditions', hasParams, errors)
  const variables = validateVariables(spec.variables, hasParams, errors)
  return { hasParams, hasAuthorizer: true, ...(variables && { variables }) }
}

interface BindingSpec {
  policyName?: string
  paramRef?: ParamRef
  matchResources?: MatchResources
}

export function validateBindingScope(spec: BindingSpec, errors: FieldErrors): void {
  const { policyName = '', paramRef, matchResources } = spec
  if (policyName === '') errors.required('spec.policyName')
  else invalidFor(errors, 'spec.policyName', policyName, nameIsDnsSubdomain(policyName, false))
  if (paramRef) validateParamRef(paramRef, 'spec.paramRef', errors)
  validateMatchResources(matchResources, 'spec.matchResources', errors)
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
