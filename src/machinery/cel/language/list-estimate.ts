/** What functions that make lists may cost (cel-go ext.Lists, ext.Sets). */
import type { CallEstimate, CallShape, Estimator, Operand } from './call-shape.ts'
import { listBaseCost, traversalFactor } from './cost.ts'
import { exactly, plus, type Range, scaled, times } from './range.ts'

const allocating = (size: Range, factor: number): CallEstimate => ({
  cost: plus(scaled(size, factor), exactly(1), exactly(listBaseCost)),
  size,
})

function literalOr({ expr }: Operand, otherwise: number): number {
  if (expr.kind !== 'const' || typeof expr.value !== 'bigint') return otherwise
  return Math.max(0, Number(expr.value))
}

const unbounded = 2 ** 64

/** What sorting a list costs: each item is compared with each. */
export const sorting = (list: Operand | undefined, { overload }: CallShape): CallEstimate | undefined => {
  const isText = /^list_(string|bytes)_/.test(overload)
  return list && allocating(times(list.size, list.size), 2 + (isText ? traversalFactor : 0))
}

const sets =
  (factor: number): Estimator =>
  ({ args: [a, b] }) =>
    a && b && { cost: plus(scaled(times(a.size, b.size), factor), exactly(1)) }

/** By the names of overloads. */
export const lists: Readonly<Record<string, Estimator>> = {
  list_slice({ target, args: [start, end] }) {
    if (!target || !start || !end) return undefined
    return allocating(exactly(literalOr(end, target.size.max) - literalOr(start, 0)), 1)
  },
  list_flatten: ({ target }) => target && allocating(target.size, 1),
  list_flatten_int: ({ target, args: [depth] }) =>
    target && depth && allocating(target.size, literalOr(depth, unbounded)),
  lists_range: ({ args: [count] }) => count && allocating(exactly(literalOr(count, unbounded)), 1),
  list_reverse: ({ target }) => target && allocating(target.size, 1),
  list_distinct: ({ target }) => target && allocating(times(target.size, target.size), 2),
  list_sets_contains_list: sets(1),
  list_sets_intersects_list: sets(1),
  list_sets_equivalent_list: sets(2),
}
