import { StatusError } from '../../machinery/status/status.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'

/** One look of a publisher, and what it ended with. */
export interface PublisherLook {
  /** Undefined: all is written. */
  readonly error: unknown
  readonly ms: number
}

/**
 * Counts and times the looks of a publisher by the code of the answer to their last write, under upstream's names
 * `<publisher>_sync_total` and `<publisher>_sync_duration_seconds` (pkg/controller/certificates).
 */
export function publisherMeter(
  publisher: 'root_ca_cert_publisher' | 'clustertrustbundle_publisher',
): (metrics: Metrics, look: PublisherLook) => void {
  const shared = { labels: ['code'], stability: 'ALPHA' } as const
  const total: MetricSpec = {
    ...shared,
    name: `${publisher}_sync_total`,
    help: 'Looks at what is published, by the code of the answer to the last write.',
  }
  const seconds: HistogramSpec = {
    ...shared,
    name: `${publisher}_sync_duration_seconds`,
    help: 'Seconds that a look at what is published took.',
    buckets: exponentialBuckets(0.001, 2, 15),
  }
  return (metrics, { error, ms }) => {
    const code = codeOf(error)
    metrics.counter(total).with(code).inc()
    metrics
      .histogram(seconds)
      .with(code)
      .observe(ms / 1000)
  }
}

function codeOf(error: unknown): string {
  if (error === undefined) return '200'
  return error instanceof StatusError ? String(error.code) : '500'
}
