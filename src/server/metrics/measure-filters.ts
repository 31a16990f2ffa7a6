import type { Ports } from '../../std/ports.ts'
import type { Filter } from '../context.ts'
import { filterSeconds } from './specs.ts'

/**
 * Measures what each link of the chain takes until it hands on (apiserver pkg/endpoints/filterlatency). Where one ends
 * the next begins: one look at the clock for each. A link that answers by itself is not counted.
 */
export function measureFilters({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>) {
  const family = metrics.histogram(filterSeconds)
  return (name: string, filter: Filter): Filter => {
    const seconds = family.with(name)
    return next =>
      filter(function filterPassed(context) {
        const nowMs = clock.monotonicMs()
        seconds.observe((nowMs - (context.filterStartMs ?? nowMs)) / 1000)
        context.filterStartMs = nowMs
        return next(context)
      })
  }
}
