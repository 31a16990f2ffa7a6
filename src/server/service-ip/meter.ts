import type { HistogramSpec, MetricSpec, Metrics } from '../../std/metrics.ts'

/** Whether somebody chose what is taken. */
export type Scope = 'static' | 'dynamic'

const ofRange = ['cidr']
const spec = (name: string, help: string, labels?: readonly string[]): MetricSpec => ({
  name: `kube_apiserver_${name}`,
  help,
  ...(labels && { labels }),
  stability: 'ALPHA',
})

/** Names and labels are upstream's (registry core/service ipallocator/metrics.go, portallocator/metrics.go). */
const addressTotal = spec('clusterip_allocator_allocation_total', 'Addresses that Services took.', [
  ...ofRange,
  'scope',
])
const addressErrors = spec(
  'clusterip_allocator_allocation_errors_total',
  'Addresses that were not to be had.',
  [...ofRange, 'scope'],
)
const addressSeconds: HistogramSpec = {
  ...spec('clusterip_allocator_allocation_duration_seconds', 'Seconds until an address was taken.', ofRange),
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
}
const addressesTaken = spec(
  'clusterip_allocator_allocated_ips',
  'Addresses of a range that are taken.',
  ofRange,
)
const addressesFree = spec(
  'clusterip_allocator_available_ips',
  'Addresses of a range that are free.',
  ofRange,
)
const portTotal = spec('nodeport_allocator_allocation_total', 'Node ports that Services took.', ['scope'])
const portErrors = spec('nodeport_allocator_allocation_errors_total', 'Node ports that were not to be had.', [
  'scope',
])
const portsTaken = spec('nodeport_allocator_allocated_ports', 'Node ports that are taken.')
const portsFree = spec('nodeport_allocator_available_ports', 'Node ports that are free.')

/** What is taken of something, and what is left of it. */
interface Filling {
  readonly taken: number
  readonly size: number
}

export interface AddressMeter {
  taken(cidr: string, scope: Scope, ms: number): void
  failed(cidr: string, scope: Scope): void
}

/** Counts addresses; `ranges` is asked at each reading until `signal` aborts. */
export function addressMeter(
  metrics: Metrics,
  ranges: () => readonly (Filling & { readonly cidr: string })[],
  signal: AbortSignal,
): AddressMeter {
  const taken = metrics.gauge(addressesTaken)
  const free = metrics.gauge(addressesFree)
  const stop = metrics.onRead(() => {
    for (const range of ranges()) {
      taken.with(range.cidr).set(range.taken)
      free.with(range.cidr).set(range.size - range.taken)
    }
  })
  signal.addEventListener('abort', stop, { once: true })
  return {
    taken(cidr, scope, ms) {
      metrics.counter(addressTotal).with(cidr, scope).inc()
      metrics
        .histogram(addressSeconds)
        .with(cidr)
        .observe(ms / 1000)
    },
    failed: (cidr, scope) => metrics.counter(addressErrors).with(cidr, scope).inc(),
  }
}

export interface PortMeter {
  taken(scope: Scope): void
  failed(scope: Scope): void
}

/** Counts node ports; `filling` is asked at each reading until `signal` aborts. */
export function portMeter(metrics: Metrics, filling: () => Filling, signal: AbortSignal): PortMeter {
  const taken = metrics.gauge(portsTaken).with()
  const free = metrics.gauge(portsFree).with()
  const stop = metrics.onRead(() => {
    const now = filling()
    taken.set(now.taken)
    free.set(now.size - now.taken)
  })
  signal.addEventListener('abort', stop, { once: true })
  return {
    taken: scope => metrics.counter(portTotal).with(scope).inc(),
    failed: scope => metrics.counter(portErrors).with(scope).inc(),
  }
}
