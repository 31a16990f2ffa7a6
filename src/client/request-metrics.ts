import type { HistogramSpec, MetricSpec } from '../std/metrics.ts'
import type { Ports } from '../std/ports.ts'

/** client-go's names (component-base/metrics/prometheus/restclient). */
export const clientRequestTotal: MetricSpec = {
  name: 'rest_client_requests_total',
  help: 'Number of HTTP requests, partitioned by status code, method, and host.',
  labels: ['code', 'method', 'host'],
  stability: 'ALPHA',
}
export const clientRequestSeconds: HistogramSpec = {
  name: 'rest_client_request_duration_seconds',
  help: 'Request latency in seconds. Broken down by verb, and host.',
  labels: ['verb', 'host'],
  stability: 'ALPHA',
  buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
}

/** Does a request and counts it by the code of its answer, `<error>` where there was none. */
export type ClientMeter = (
  method: string,
  host: string,
  request: () => Promise<Response>,
) => Promise<Response>

export function createClientMeter({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): ClientMeter {
  const total = metrics.counter(clientRequestTotal)
  const seconds = metrics.histogram(clientRequestSeconds)
  return async (method, host, request) => {
    const startMs = clock.monotonicMs()
    const answered = (code: string) => {
      total.with(code, method, host).inc()
      seconds.with(method, host).observe((clock.monotonicMs() - startMs) / 1000)
    }
    try {
      const response = await request()
      answered(String(response.status))
      return response
    } catch (error) {
      answered('<error>')
      throw error
    }
  }
}
