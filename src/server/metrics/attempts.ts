import { exponentialBuckets, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'

type Told = Pick<MetricSpec, 'name' | 'help'>

/** How many, and the seconds that each took. */
export interface Attempts {
  readonly total: Told
  readonly seconds: Told
}

/**
 * Counts attempts by their result; the answer to a result is told when such an attempt began. Labels and buckets are
 * upstream's (apiserver pkg/endpoints/filters/metrics.go).
 */
export function meterAttempts(
  { total, seconds }: Attempts,
  { metrics, clock }: { readonly metrics: Metrics; readonly clock: Pick<Clock, 'monotonicMs'> },
): (result: string) => (startMs: number) => void {
  const common = { labels: ['result'], stability: 'ALPHA' } as const
  const counter = metrics.counter({ ...total, ...common })
  const histogram = metrics.histogram({ ...seconds, ...common, buckets: exponentialBuckets(0.001, 2, 15) })
  return result => {
    const [ended, took] = [counter.with(result), histogram.with(result)]
    return startMs => {
      ended.inc()
      took.observe((clock.monotonicMs() - startMs) / 1000)
    }
  }
}
