import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'
import type { ServicePort } from '../model/service-port.ts'

const spec = (name: string, help: string, labels?: readonly string[]): MetricSpec => ({
  name: `kubeproxy_${name}`,
  help,
  ...(labels && { labels }),
  stability: 'ALPHA',
})
const byFamily = ['ip_family']
/** All rules here are IPv4's. */
const family = 'IPv4'
const fast = exponentialBuckets(0.001, 2, 15)
const seconds = (name: string, help: string, buckets = fast): HistogramSpec => ({
  ...spec(name, help, byFamily),
  buckets,
})
const steps = (first: number, step: number, count: number) =>
  Array.from({ length: count }, (_, index) => first + index * step)

/** Names, labels and buckets are upstream's (pkg/proxy/metrics). */
const syncSeconds = seconds('sync_proxy_rules_duration_seconds', 'SyncProxyRules latency in seconds')
const fullSeconds = seconds(
  'sync_full_proxy_rules_duration_seconds',
  'SyncProxyRules latency in seconds for full resyncs',
)
const partialSeconds = seconds(
  'sync_partial_proxy_rules_duration_seconds',
  'SyncProxyRules latency in seconds for partial resyncs',
)
const programmingSeconds = seconds(
  'network_programming_duration_seconds',
  'In Cluster Network Programming Latency in seconds',
  [0.25, 0.5, ...steps(1, 1, 59), ...steps(60, 5, 12), ...steps(120, 30, 7)],
)
const flowSeconds = seconds(
  'conntrack_reconciler_sync_duration_seconds',
  'ReconcileConntrackFlowsLatency latency in seconds',
)
const flowsDeleted = spec(
  'conntrack_reconciler_deleted_entries_total',
  'Cumulative conntrack flows deleted by conntrack reconciler',
  byFamily,
)
const lastSync = spec(
  'sync_proxy_rules_last_timestamp_seconds',
  'The last time proxy rules were successfully synced',
  byFamily,
)
const lastQueued = spec(
  'sync_proxy_rules_last_queued_timestamp_seconds',
  'The last time a sync of proxy rules was queued',
  byFamily,
)
const failures = spec(
  'sync_proxy_rules_nftables_sync_failures_total',
  'Cumulative proxy nftables sync failures',
  byFamily,
)
const noLocal = spec(
  'sync_proxy_rules_no_local_endpoints_total',
  'Number of services with a Local traffic policy and no endpoints',
  ['traffic_policy', 'ip_family'],
)
const serviceChanges = spec(
  'sync_proxy_rules_service_changes_total',
  'Cumulative proxy rules Service changes',
)
const servicesPending = spec(
  'sync_proxy_rules_service_changes_pending',
  'Pending proxy rules Service changes',
)
const endpointChanges = spec(
  'sync_proxy_rules_endpoint_changes_total',
  'Cumulative proxy rules Endpoint changes',
)
const endpointsPending = spec(
  'sync_proxy_rules_endpoint_changes_pending',
  'Pending proxy rules Endpoint changes',
)

/** What the proxy counts: changes as they come, and rounds of writing. */
export interface ProxyMeter {
  serviceChanged(key: string): void
  /** `service`: key of the service that the slice is of. */
  endpointsChanged(service: string, change: SliceChange): void
  /** A round begins with all changes so far; the answer is what became of them. */
  beginRound(isFull: boolean): RoundMeter
  /** Flows of endpoints that are gone were looked for and, so many, forgotten. */
  flowsForgotten(count: number, tookMs: number): void
}

export interface SliceChange {
  readonly old: EndpointSlice | undefined
  readonly object: EndpointSlice | undefined
}

export interface RoundMeter {
  failed(): void
  /** The kernel has the rules of these ports. */
  done(ports: readonly ServicePort[]): void
}

const triggerTime = 'endpoints.kubernetes.io/last-change-trigger-time'

export function createProxyMeter(metrics: Metrics, clock: Clock): ProxyMeter {
  const startedMs = clock.nowMs()
  const changedServices = new Set<string>()
  /** By service: when that happened which changed its endpoints. */
  let triggers = new Map<string, readonly number[]>()
  const pendingServices = metrics.gauge(servicesPending).with()
  const pendingEndpoints = metrics.gauge(endpointsPending).with()
  const services = metrics.counter(serviceChanges).with()
  const endpoints = metrics.counter(endpointChanges).with()
  const queued = metrics.gauge(lastQueued).with(family)
  const noteQueued = () => queued.set(clock.nowMs() / 1000)
  noteQueued()
  return {
    serviceChanged(key) {
      services.inc()
      changedServices.add(key)
      pendingServices.set(changedServices.size)
      noteQueued()
    },
    endpointsChanged(service, change) {
      if ((change.object ?? change.old)?.addressType !== family) return
      endpoints.inc()
      pendingEndpoints.add(1)
      noteQueued()
      const atMs = triggerOf(change)
      if (!change.object) triggers.delete(service)
      else if (atMs > startedMs) triggers.set(service, [...(triggers.get(service) ?? []), atMs])
    },
    beginRound(isFull) {
      const startMs = clock.monotonicMs()
      changedServices.clear()
      pendingServices.set(0)
      pendingEndpoints.set(0)
      const answered = triggers
      triggers = new Map()
      const took = () => {
        const elapsed = (clock.monotonicMs() - startMs) / 1000
        for (const timed of [syncSeconds, isFull ? fullSeconds : partialSeconds])
          metrics.histogram(timed).with(family).observe(elapsed)
      }
      return {
        failed() {
          took()
          metrics.counter(failures).with(family).inc()
          // The next round answers them too.
          for (const [service, times] of answered)
            triggers.set(service, [...times, ...(triggers.get(service) ?? [])])
        },
        done(ports) {
          took()
          const nowMs = clock.nowMs()
          for (const atMs of [...answered.values()].flat())
            metrics
              .histogram(programmingSeconds)
              .with(family)
              .observe((nowMs - atMs) / 1000)
          metrics
            .gauge(lastSync)
            .with(family)
            .set(nowMs / 1000)
          tellNoLocal(metrics, ports)
        },
      }
    },
    flowsForgotten(count, tookMs) {
      metrics
        .histogram(flowSeconds)
        .with(family)
        .observe(tookMs / 1000)
      metrics.counter(flowsDeleted).with(family).inc(count)
    },
  }
}

function tellNoLocal(metrics: Metrics, ports: readonly ServicePort[]): void {
  for (const policy of ['internal', 'external'] as const) {
    const lacking = ports.filter(({ lacksLocal }) => lacksLocal?.includes(policy))
    metrics.gauge(noLocal).with(policy, family).set(lacking.length)
  }
}

/** When that happened which a change answers; NaN where it says nothing new. */
function triggerOf({ old, object }: SliceChange): number {
  const said = object?.metadata.annotations?.[triggerTime]
  return said === old?.metadata.annotations?.[triggerTime] ? Number.NaN : Date.parse(said ?? '')
}
