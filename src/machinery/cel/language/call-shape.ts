/** What is known of a call before it has run, and what is made of it. */
import type { Expr } from './ast.ts'
import { traversalFactor } from './cost.ts'
import { type Range, scaled } from './range.ts'
import type { Type } from './type.ts'

/** An operand of a call. */
export interface Operand {
  readonly expr: Expr
  readonly type: Type
  readonly size: Range
}

export interface CallShape {
  readonly name: string
  readonly overload: string
  readonly target: Operand | undefined
  readonly args: readonly Operand[]
  /** The size of the items of a list. */
  itemSize(list: Operand): Range
}

export interface CallEstimate {
  /** Without the operands. */
  readonly cost: Range
  readonly size?: Range
}

/** Undefined where it knows nothing of such a call. */
export type Estimator = (call: CallShape) => CallEstimate | undefined

/** Going once over all of something. */
export function walk(size: Range, factor = traversalFactor): CallEstimate {
  return { cost: scaled(size, factor) }
}
