/** What functions on texts may cost, and how long what they make is. */
import { type Estimator, walk } from './call-shape.ts'
import { regexFactor, traversalFactor } from './cost.ts'
import { exactly, plus, type Range, scaled, times } from './range.ts'

export const replace: Estimator = ({ target, args: [from, to] }) => {
  if (!target || !from || !to) return undefined
  const { size } = target
  const longest = replacedLength(size.max, {
    from: from.size.min,
    to: to.size.max,
    keeps: to.size.max <= from.size.min,
  })
  const shortest = replacedLength(size.min, {
    from: from.size.max,
    to: to.size.min,
    keeps: from.size.max <= to.size.min,
  })
  return { ...walk(size, 2 * traversalFactor), size: { min: shortest, max: longest } }
}

interface Replacement {
  readonly from: number
  readonly to: number
  /** The result is as long as the text; upstream counts the replacements of its other end as none. */
  readonly keeps: boolean
}

function replacedLength(length: number, { from, to, keeps }: Replacement): number {
  if (from === 0) return (length + 1) * to + length
  return keeps ? length : Math.ceil(length / from) * to
}

export const split: Estimator = ({ target, args: [, limit] }) => {
  if (!target) return undefined
  const given =
    limit?.expr.kind === 'const' && typeof limit.expr.value === 'bigint'
      ? Number(limit.expr.value)
      : undefined
  return { ...walk(target.size, 2 * traversalFactor), size: { min: 0, max: given ?? target.size.max } }
}

export const join: Estimator = call => {
  const { target } = call
  if (!target) return undefined
  const items = target.type.params.length > 0 ? times(target.size, call.itemSize(target)) : exactly(0)
  const gaps = { min: Math.max(0, target.size.min - 1), max: Math.max(0, target.size.max - 1) }
  const [separator] = call.args
  const size = separator ? plus(items, times(separator.size, gaps)) : items
  return { ...walk(size), size }
}

/** One is added so that an empty text with an expensive pattern is not free. */
function matchRange(text: Range, pattern: Range): Range {
  return times(scaled(plus(text, exactly(1)), traversalFactor), scaled(pattern, regexFactor))
}

export const find: Estimator = ({ target, args: [pattern] }) =>
  target && pattern && { cost: matchRange(target.size, pattern.size), size: { min: 0, max: target.size.max } }

/** A conversion that reads all of its argument. */
export const converted =
  (toSize: (size: Range) => Range): Estimator =>
  call => {
    const [argument] = call.args
    return argument && { ...walk(argument.size), size: toSize(argument.size) }
  }

export const matches: Estimator = ({ target, args: [pattern] }) =>
  target && pattern && { cost: matchRange(target.size, pattern.size) }
