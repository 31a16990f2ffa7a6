import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'

/** Names, labels, buckets and values are upstream's (apiextensions-apiserver pkg/apiserver/conversion/metrics.go). */
const requests: MetricSpec = {
  name: 'apiserver_conversion_webhook_request_total',
  help: 'Calls of conversion webhooks by what came of them.',
  labels: ['result', 'failure_type'],
  stability: 'ALPHA',
}
const seconds: HistogramSpec = {
  name: 'apiserver_conversion_webhook_duration_seconds',
  help: 'Seconds of calls of conversion webhooks.',
  labels: ['result', 'failure_type'],
  stability: 'ALPHA',
  buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 60],
}
const definitionSeconds: HistogramSpec = {
  name: 'apiserver_crd_conversion_webhook_duration_seconds',
  help: 'Seconds until the objects of a definition were in another version.',
  labels: ['crd_name', 'from_version', 'to_version', 'succeeded'],
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.001, 2, 15),
}

export type ConversionFailure =
  | 'call_failure'
  | 'malformed_response_failure'
  | 'partial_response_failure'
  | 'invalid_converted_object_failure'
  | 'no_objects_returned_failure'

/** Of one definition's objects: where they come from and go to. */
export interface ConversionWay {
  readonly definition: string
  readonly from: string
  readonly to: string
}

/** Takes the time of one call from now on; the answer is told what came of it. */
export type ConversionMeter = (way: ConversionWay) => (failure?: ConversionFailure) => void

export function conversionMeter(metrics: Metrics, clock: Pick<Clock, 'monotonicMs'>): ConversionMeter {
  return ({ definition, from, to }) => {
    const startMs = clock.monotonicMs()
    return failure => {
      const elapsedSeconds = (clock.monotonicMs() - startMs) / 1000
      const labels = failure ? ['failure', `conversion_webhook_${failure}`] : ['success', '']
      metrics
        .counter(requests)
        .with(...labels)
        .inc()
      metrics
        .histogram(seconds)
        .with(...labels)
        .observe(elapsedSeconds)
      const whole = metrics.histogram(definitionSeconds).with(definition, from, to, String(!failure))
      whole.observe(elapsedSeconds)
    }
  }
}
