import { compareQuantity, parseQuantity } from '../../../machinery/quantity/index.ts'
import type { LimitRange } from '../../types/core-v1.gen.ts'
import { scaledResources } from './proportion.ts'
import type { ResourceAmounts } from './types.ts'

/** What all LimitRanges of a namespace together say of containers, or of pods. */
export interface LimitBounds {
  readonly min?: ResourceAmounts
  readonly max?: ResourceAmounts
  readonly default?: ResourceAmounts
}

/** The highest minimum, the lowest maximum and the last default (upstream utils/limitrange); undefined: they say nothing. */
export function limitBounds(
  ranges: readonly LimitRange[],
  type: 'Container' | 'Pod',
): LimitBounds | undefined {
  const items = ranges
    .flatMap(({ spec }) => spec?.limits ?? [])
    .filter(item => item.type === type && (item.max || item.min || item.default))
  if (items.length === 0) return undefined
  const all = (side: 'min' | 'max' | 'default'): readonly ResourceAmounts[] =>
    items.map(item => item[side]).filter(list => list !== undefined)
  const [min, max] = [stricter(all('min'), order => order > 0), stricter(all('max'), order => order < 0)]
  const last = all('default').at(-1)
  return { ...(min && { min }), ...(max && { max }), ...(last && { default: last }) }
}

function stricter(
  lists: readonly ResourceAmounts[],
  isStricter: (order: number) => boolean,
): ResourceAmounts | undefined {
  const [first, ...others] = lists
  if (!first) return undefined
  const result: Record<string, string> = { ...first }
  for (const list of others)
    for (const resource of scaledResources) {
      const [held, other] = [result[resource], list[resource]]
      if (other === undefined) continue
      if (held === undefined || !isStricter(compareQuantity(parseQuantity(held), parseQuantity(other))))
        result[resource] = other
    }
  return result
}
