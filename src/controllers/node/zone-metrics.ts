import type { Node } from '../../api/types/core-v1.gen.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import { countZone, zoneOf } from './eviction-pace.ts'

const labels = ['zone']
const spec = (name: string, help: string, stability: 'ALPHA' | 'STABLE' = 'ALPHA'): MetricSpec => ({
  name: `node_collector_${name}`,
  help,
  labels,
  stability,
})
/** Upstream's names (pkg/controller/nodelifecycle/metrics.go). */
const zoneSize = spec('zone_size', 'Nodes of a zone.')
const zoneHealth = spec('zone_health', 'Percentage of the nodes of a zone that are ready.')
const unhealthy = spec('unhealthy_nodes_in_zone', 'Nodes of a zone that are not ready.')
const evictions = spec('evictions_total', 'Nodes that were begun to be emptied.', 'STABLE')

const healthSeconds: HistogramSpec = {
  name: 'node_collector_update_node_health_duration_seconds',
  help: 'Seconds that a look at a node took, with the writes that followed from it.',
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.001, 4, 8),
}

/** Times looks at one node each. */
export function timedLooks<T>(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  look: (name: string) => Promise<T>,
): (name: string) => Promise<T> {
  const seconds = metrics.histogram(healthSeconds).with()
  return async name => {
    const startMs = clock.monotonicMs()
    try {
      return await look(name)
    } finally {
      seconds.observe((clock.monotonicMs() - startMs) / 1000)
    }
  }
}

/** Tells at each reading how many nodes of each zone there are and are ready. */
export function tellZones(metrics: Metrics, store: ObjectStore<Node>): Cancel {
  const known = new Set<string>()
  return metrics.onRead(() => {
    for (const node of store.list()) known.add(zoneOf(node))
    for (const zone of known) {
      const { nodes: size, ill } = countZone(store, zone)
      const label = zoneLabel(zone)
      metrics.gauge(zoneSize).with(label).set(size)
      metrics.gauge(unhealthy).with(label).set(ill)
      metrics
        .gauge(zoneHealth)
        .with(label)
        .set(size === 0 ? 100 : (100 * (size - ill)) / size)
      metrics.counter(evictions).with(label).inc(0)
    }
  })
}

export function countEviction(metrics: Metrics, zone: string): void {
  metrics.counter(evictions).with(zoneLabel(zone)).inc()
}

/** As component-helpers' GetZoneKey writes it: nothing where a node names neither region nor zone. */
function zoneLabel(zone: string): string {
  return zone === ':' ? '' : zone.replace(':', ':\0:')
}
