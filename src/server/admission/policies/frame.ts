/** What policies of both sorts are made of beside what they do: whom they are about, on which conditions, with which variables. */
import {
  compileExpression,
  type ExpressionScope,
  expressionEnvironment,
} from '../../../api/admissionregistration/expressions.ts'
import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  Variable,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import { dynType, type Type } from '../../../machinery/cel/language/type.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { labelSelectorFrom } from '../../../machinery/selector/index.ts'
import type { PolicyVariable } from '../expressions/evaluation.ts'
import { compileMatchConditions, type MatchConditions } from '../match/conditions.ts'
import type { Constraints } from '../match/match.ts'

export interface PolicyFrame {
  readonly name: string
  readonly ignoresFailures: boolean
  readonly paramKind: ParamKind | undefined
  readonly constraints: Constraints
  readonly conditions: MatchConditions | undefined
  readonly variables: readonly PolicyVariable[]
  /** What its expressions may name. */
  readonly scope: ExpressionScope
}

interface PolicyObject extends KubeObject {
  spec?: {
    paramKind?: ParamKind
    matchConstraints?: MatchResources
    matchConditions?: MatchCondition[]
    variables?: Variable[]
    failurePolicy?: string
  }
}

export function compileFrame({ metadata, spec = {} }: PolicyObject): PolicyFrame {
  const { matchConditions = [], failurePolicy, paramKind } = spec
  const hasParams = paramKind !== undefined
  const { variables, types } = compileVariables(spec.variables ?? [], hasParams)
  const scope = { hasParams, hasAuthorizer: true, variables: types }
  return {
    name: metadata.name ?? '',
    ignoresFailures: failurePolicy === 'Ignore',
    paramKind,
    constraints: constraintsOf(spec.matchConstraints),
    conditions:
      matchConditions.length > 0 ? compileMatchConditions(matchConditions, failurePolicy, scope) : undefined,
    variables,
    scope,
  }
}

/** Each variable may name the ones before it. */
function compileVariables(given: readonly Variable[], hasParams: boolean) {
  const types: Record<string, Type> = {}
  const variables = given.map(({ name, expression }): PolicyVariable => {
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
