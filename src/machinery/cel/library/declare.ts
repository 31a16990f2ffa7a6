import { runSteps, type Steps } from '../../../std/turns.ts'
import type { Overload } from '../language/environment.ts'
import type { Type } from '../language/type.ts'
import type { Value } from '../language/value.ts'

export type Functions = Readonly<Record<string, readonly Overload[]>>

/** Of whatever argument types: the evaluator has matched arguments against them before it calls. */
type Run = (...args: never[]) => Value

/** `name(args)` */
export function global(id: string, args: readonly Type[], result: Type, run?: Run): Overload {
  return { id, isMember: false, args, result, ...runs(run) }
}

/** `args[0].name(args…)` */
export function member(id: string, args: readonly Type[], result: Type, run?: Run): Overload {
  return { id, isMember: true, args, result, ...runs(run) }
}

/** The same, done in steps where others should have their turn. */
export function inSteps(overload: Overload, steps: (...args: never[]) => Steps<Value>): Overload {
  const paced = steps as NonNullable<Overload['steps']>
  return { ...overload, steps: paced, run: (...args) => runSteps(paced(...args)) }
}

function runs(run: Run | undefined): Pick<Overload, 'run'> {
  return run ? { run: run as NonNullable<Overload['run']> } : {}
}
