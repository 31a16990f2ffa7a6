import type { Overload } from '../language/environment.ts'
import type { Type } from '../language/type.ts'
import type { Value } from '../language/value.ts'

export type Functions = Readonly<Record<string, readonly Overload[]>>

// biome-ignore lint/suspicious/noExplicitAny: the evaluator has matched arguments against their types before it calls.
type Run = (...args: any[]) => Value

/** `name(args)` */
export function global(id: string, args: readonly Type[], result: Type, run?: Run): Overload {
  return { id, isMember: false, args, result, ...(run && { run }) }
}

/** `args[0].name(args…)` */
export function member(id: string, args: readonly Type[], result: Type, run?: Run): Overload {
  return { id, isMember: true, args, result, ...(run && { run }) }
}
