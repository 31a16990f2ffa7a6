/** A ValidatingAdmissionPolicy with its expressions compiled, once (policy/validating/plugin.go). */
import {
  annotationTypes,
  compileExpression,
  conditionTypes,
  type ExpressionResult,
  expressionEnvironment,
  messageTypes,
} from '../../../api/admissionregistration/expressions.ts'
import type {
  AuditAnnotation,
  MatchResources,
  ValidatingAdmissionPolicy,
  Validation,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import { dynType, type Type } from '../../../machinery/cel/language/type.ts'
import { labelSelectorFrom } from '../../../machinery/selector/index.ts'
import type { PolicyVariable } from '../expressions/evaluation.ts'
import { compileMatchConditions, type MatchConditions } from '../match/conditions.ts'
import type { Constraints } from '../match/match.ts'

export interface CompiledValidation {
  readonly validation: Validation
  readonly condition: ExpressionResult
  readonly message: ExpressionResult | undefined
}

export interface CompiledAnnotation {
  readonly annotation: AuditAnnotation
  readonly compiled: ExpressionResult
}

export interface CompiledPolicy {
  readonly policy: ValidatingAdmissionPolicy
  readonly name: string
  readonly ignoresFailures: boolean
  readonly constraints: Constraints
  readonly conditions: MatchConditions | undefined
  readonly variables: readonly PolicyVariable[]
  readonly validations: readonly CompiledValidation[]
  readonly annotations: readonly CompiledAnnotation[]
}

export function compilePolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const { spec = {}, metadata } = policy
  const { validations = [], auditAnnotations = [], matchConditions = [], failurePolicy } = spec
  const hasParams = spec.paramKind !== undefined
  const { variables, types } = compileVariables(policy, hasParams)
  const scope = { hasParams, hasAuthorizer: true, variables: types }
  const environment = expressionEnvironment(scope)
  const ofMessages = expressionEnvironment({ ...scope, hasAuthorizer: false })
  return {
    policy,
    name: metadata.name ?? '',
    ignoresFailures: failurePolicy === 'Ignore',
    constraints: constraintsOf(spec.matchConstraints),
    conditions:
      matchConditions.length > 0 ? compileMatchConditions(matchConditions, failurePolicy, scope) : undefined,
    variables,
    validations: validations.map(validation => ({
      validation,
      condition: compileExpression(validation.expression, environment, conditionTypes),
      message: validation.messageExpression
        ? compileExpression(validation.messageExpression, ofMessages, messageTypes)
        : undefined,
    })),
    annotations: auditAnnotations.map(annotation => ({
      annotation,
      compiled: compileExpression(annotation.valueExpression, environment, annotationTypes),
    })),
  }
}

/** Each variable may name the ones before it. */
function compileVariables({ spec = {} }: ValidatingAdmissionPolicy, hasParams: boolean) {
  const types: Record<string, Type> = {}
  const variables = (spec.variables ?? []).map(({ name, expression }): PolicyVariable => {
    const environment = expressionEnvironment({ hasParams, hasAuthorizer: true, variables: { ...types } })
    const compiled = compileExpression(expression, environment)
    types[name] = 'fault' in compiled ? dynType : compiled.type
    return { name, compiled }
  })
  return { variables, types }
}

/** Without rules everything is meant. */
export function constraintsOf(match: MatchResources | undefined): Constraints {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy } = match ?? {}
  return {
    rules: resourceRules,
    excludeRules: excludeResourceRules,
    matchesAll: resourceRules.length === 0,
    isEquivalent: matchPolicy !== 'Exact',
    namespaceSelector: labelSelectorFrom(match?.namespaceSelector ?? {}),
    objectSelector: labelSelectorFrom(match?.objectSelector ?? {}),
  }
}
