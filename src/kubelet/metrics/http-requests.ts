import type { Ports } from '../../std/ports.ts'
import { kubeletHistogram, kubeletSpec } from './spec.ts'

const labels = ['method', 'path', 'server_type', 'long_running']
const requests = kubeletSpec(
  'http_requests_total',
  'Number of the http requests received since the server started',
  labels,
)
const seconds = kubeletHistogram(
  'http_requests_duration_seconds',
  'Duration in seconds to serve http requests',
  {
    labels,
  },
)
const inflight = kubeletSpec('http_inflight_requests', 'Number of the inflight http requests', labels)

/** Counts a request that has come; the answer is called when it is over. */
export type RequestMeter = (method: string | undefined, path: string) => () => void

const longRunning: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'debug'])
const known: ReadonlySet<string> = new Set([
  ...['attach', 'checkpoint', 'configz', 'containerLogs', 'debug', 'exec', 'healthz', 'logs', 'metrics'],
  ...['metrics/cadvisor', 'metrics/probes', 'metrics/resource', 'pods', 'portForward', 'run', 'runningpods'],
  ...['pprof', 'stats'],
])
const methods: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'OPTIONS', 'CONNECT', 'PATCH'],
])

/** The requests to the kubelet's API (upstream pkg/kubelet/server ServeHTTP). */
export function createRequestMeter({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): RequestMeter {
  return (method = 'GET', path) => {
    const place = rootOf(path)
    const of = [
      methods.has(method) ? method : 'other',
      known.has(place) ? place : 'other',
      'readwrite',
      String(longRunning.has(place)),
    ]
    const startMs = clock.monotonicMs()
    const open = metrics.gauge(inflight).with(...of)
    metrics
      .counter(requests)
      .with(...of)
      .inc()
    open.add(1)
    return () => {
      open.add(-1)
      metrics
        .histogram(seconds)
        .with(...of)
        .observe((clock.monotonicMs() - startMs) / 1000)
    }
  }
}

/** `metrics/cadvisor` of `/metrics/cadvisor/…`, of all other paths the first part. */
function rootOf(path: string): string {
  const [first = '', second] = path.replace(/^\//, '').split('/', 2)
  return first === 'metrics' && second !== undefined ? `${first}/${second}` : first
}
