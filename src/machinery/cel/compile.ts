/** Expressions compiled, checked, and evaluated within what they may cost. */
import { runSteps, type Steps } from '../../std/turns.ts'
import { childrenOf, type Expr } from './language/ast.ts'
import { type Checked, check } from './language/checker.ts'
import { constantFault } from './language/constants.ts'
import type { Environment } from './language/environment.ts'
import { CelSyntaxError, formatIssues } from './language/issues.ts'
import { compileProgram, pauseCost } from './language/paced-program.ts'
import { parse } from './language/reader.ts'
import type { Type } from './language/type.ts'
import type { Value } from './language/value.ts'
import { literalComplaints } from './literals.ts'

/** Upstream's PerCallLimit: what one evaluation may cost at most. */
export const callCostMax = 1_000_000

export interface Evaluated {
  readonly value: Value
  readonly cost: number
}

/** Gives variables their values when they are looked at. */
export type Variables = (name: string) => Value | undefined

export interface CelProgram {
  readonly text: string
  readonly type: Type
  readonly checked: Checked
  /** Whether a name stands anywhere in the expression. */
  names(name: string): boolean
  /** Throws CelError for what fails, CelBudgetError past `costMax`. `spent` hears the cost in any case. */
  evaluate(variables: Variables, costMax?: number, spent?: (cost: number) => void): Evaluated
  /** The same in steps, between which others may have their turn. */
  evaluateSteps(variables: Variables, costMax?: number, spent?: (cost: number) => void): Steps<Evaluated>
}

type Evaluation = Parameters<CelProgram['evaluate']>

export type Compilation = CelProgram | { readonly fault: string }

/** Compiles in an environment; `fault` is what cel-go says about a text that is wrong. */
export function compileIn(environment: Environment, text: string): Compilation {
  const found = compileChecked(environment, text)
  if ('complaints' in found) return { fault: `compilation failed: ${formatIssues(text, found.complaints)}` }
  const fault = constantFault(found)
  if (fault !== undefined) return { fault: `program instantiation failed: ${fault}` }
  const { run, paced } = compileProgram(found, environment)
  function* evaluateSteps(...[variables, costMax = callCostMax, spent]: Evaluation): Steps<Evaluated> {
    const state = { variable: variables, locals: [], cost: 0, costMax, pauseAt: pauseCost }
    try {
      return { value: paced ? yield* paced(state) : run(state), cost: state.cost }
    } finally {
      spent?.(state.cost)
    }
  }
  return {
    text,
    type: found.type,
    checked: found,
    names: name => namesOf(found.expr).has(name),
    evaluate: (...evaluation) => runSteps(evaluateSteps(...evaluation)),
    evaluateSteps,
  }
}

function compileChecked(environment: Environment, text: string): ReturnType<typeof check> {
  try {
    const expr = parse(text)
    const found = check(expr, environment)
    if ('complaints' in found) return found
    const complaints = literalComplaints(found)
    return complaints.length > 0 ? { complaints } : found
  } catch (error) {
    if (error instanceof CelSyntaxError) return error
    throw error
  }
}

function namesOf(expr: Expr, names = new Set<string>()): ReadonlySet<string> {
  if (expr.kind === 'ident') names.add(expr.name)
  for (const child of childrenOf(expr)) namesOf(child, names)
  return names
}
