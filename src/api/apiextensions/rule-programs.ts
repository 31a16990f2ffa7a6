/** Rules of `x-kubernetes-validations`, compiled with `self` typed by their schema (apiextensions-apiserver schema/cel/compilation.go). */
import { type CelProgram, compileIn } from '../../machinery/cel/compile.ts'
import { type Bounds, boundsOf, sizesWithin } from '../../machinery/cel/declared-sizes.ts'
import { typeOfOpenApi } from '../../machinery/cel/declared-types.ts'
import { declare } from '../../machinery/cel/environment.ts'
import type { Environment } from '../../machinery/cel/language/environment.ts'
import { estimateCost } from '../../machinery/cel/language/estimate.ts'
import { optionalOf } from '../../machinery/cel/language/type.ts'
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions-v1.gen.ts'

/** An expression with the most that one evaluation of it may cost. */
export interface CostedProgram {
  readonly program: CelProgram
  readonly costMax: number
}

export type RuleExpression = CostedProgram | { readonly fault: string }

export interface RuleProgram {
  readonly rule: ValidationRule
  readonly condition: RuleExpression
  /** Absent: the rule has no `messageExpression`, or is wrong itself. */
  readonly message: RuleExpression | undefined
  readonly usesOldSelf: boolean
}

export interface SchemaRules {
  readonly rules: readonly RuleProgram[]
  readonly bounds: Bounds
}

const known = new WeakMap<JSONSchemaProps, SchemaRules | 'untyped'>()

/** The rules of one schema, compiled once; undefined when expressions cannot see what it describes. */
export function rulesOf(schema: JSONSchemaProps, isRoot: boolean): SchemaRules | undefined {
  let found = known.get(schema)
  if (!found) {
    found = compileRules(schema, isRoot) ?? 'untyped'
    known.set(schema, found)
  }
  return found === 'untyped' ? undefined : found
}

/** Nobody is to depend on it: upstream's has the time in it. */
const selfType = 'selfType'

function compileRules(schema: JSONSchemaProps, isRoot: boolean): SchemaRules | undefined {
  const isResource = isRoot || schema['x-kubernetes-embedded-resource'] === true
  const declared = typeOfOpenApi(schema, selfType, isResource)
  const bounds = boundsOf(schema, isResource)
  if (!declared || !bounds) return undefined
  const environmentOf = (optional: boolean) => {
    const oldSelf = optional ? optionalOf(declared.type) : declared.type
    return declare({ variables: { self: declared.type, oldSelf }, findStructure: declared.find })
  }
  const environments = { plain: environmentOf(false), optional: environmentOf(true) }
  const rules = (schema['x-kubernetes-validations'] ?? []).map(rule =>
    compileRule(rule, rule.optionalOldSelf ? environments.optional : environments.plain, bounds),
  )
  return { rules, bounds }
}

function compileRule(rule: ValidationRule, environment: Environment, bounds: Bounds): RuleProgram {
  const condition = compileExpression(rule.rule, 'bool', environment, bounds)
  if ('fault' in condition) return { rule, condition, message: undefined, usesOldSelf: false }
  const message = rule.messageExpression
    ? compileExpression(rule.messageExpression, 'string', environment, bounds)
    : undefined
  return { rule, condition, message, usesOldSelf: condition.program.names('oldSelf') }
}

const wrongTypes = {
  bool: 'cel expression must evaluate to a bool',
  string: 'messageExpression must evaluate to a string',
}

function compileExpression(
  text: string,
  wanted: 'bool' | 'string',
  environment: Environment,
  bounds: Bounds,
): RuleExpression {
  const program = compileIn(environment, text)
  if ('fault' in program) {
    const prefix = wanted === 'string' ? 'messageExpression ' : ''
    return { fault: `${prefix}${program.fault}` }
  }
  if (program.type.kind !== wanted) return { fault: wrongTypes[wanted] }
  return { program, costMax: estimateCost(program.checked, sizesWithin(bounds)).max }
}
