import type { Registry } from '../../api/registry.ts'
import type { APIService } from '../../api/types/apiregistration-v1.gen.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { Counter, Gauge, MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Logger } from '../../std/ports.ts'
import { memo } from '../rest/memo.ts'
import { type CacheEvent, collectionPrefix, kindFolder, type WatchCache } from '../watchcache/index.ts'
import { kindLabels } from './kind-labels.ts'
import { resourceObjects, storageObjects, unavailableApi } from './specs.ts'

const labels = ['group', 'resource']

/** Names and labels are upstream's (apiserver pkg/storage/cacher/metrics, pkg/storage/etcd3/metrics). */
const dispatched: MetricSpec = {
  name: 'apiserver_watch_cache_events_dispatched_total',
  help: 'Events that the watch cache handed to its watchers.',
  labels,
  stability: 'ALPHA',
}
const loads: MetricSpec = {
  name: 'apiserver_watch_cache_initializations_total',
  help: 'Times that the watch cache read all objects from the store.',
  labels,
  stability: 'ALPHA',
}
const revisions: MetricSpec = {
  name: 'apiserver_watch_cache_resource_version',
  help: 'Revision up to which the watch cache has everything.',
  labels,
  stability: 'ALPHA',
}
const sizes: MetricSpec = {
  name: 'apiserver_resource_size_estimate_bytes',
  help: 'Bytes of the stored values of each kind.',
  labels,
  stability: 'ALPHA',
}

interface OfKind {
  readonly dispatched: Counter
  readonly bytes: Gauge
}

export interface CacheSubject {
  readonly metrics: Metrics
  readonly cache: WatchCache
  readonly registry: Registry
  readonly log: Logger
}

/** Measures what goes through the watch cache and what lies in it, until `signal` aborts. */
export function measureCache({ metrics, cache, registry, log }: CacheSubject, signal: AbortSignal): void {
  const [events, bytes] = [metrics.counter(dispatched), metrics.gauge(sizes)]
  const known = new Map<string, OfKind>()
  const seriesOf = (folder: string) =>
    memo(known, folder, () => {
      const values = kindLabels(folder)
      return { dispatched: events.with(...values), bytes: bytes.with(...values) }
    })
  for (const { key, storedBytes } of cache.list('').items) seriesOf(kindFolder(key)).bytes.add(storedBytes)
  const sink = (batch: readonly CacheEvent[]) => {
    for (const { key, current, previous } of batch) {
      const series = seriesOf(kindFolder(key))
      series.dispatched.inc()
      series.bytes.add((current?.storedBytes ?? 0) - (previous?.storedBytes ?? 0))
    }
  }
  cache
    .watch('', cache.revision(), sink, signal)
    .catch(error => log.error('the watch cache is no longer measured', { error: String(error) }))
  const tell = kindTeller({ metrics, cache, registry })
  const stop = metrics.onRead(() => {
    tell()
    tellUnavailable(metrics, cache)
  })
  signal.addEventListener('abort', stop, { once: true })
}

/** What is cheaper asked than kept, of every kind that is served. */
function kindTeller({ metrics, cache, registry }: Omit<CacheSubject, 'log'>): () => void {
  const [loaded, bytes] = [metrics.counter(loads), metrics.gauge(sizes)]
  const [reached, byName, byGroup] = [revisions, storageObjects, resourceObjects].map(spec =>
    metrics.gauge(spec),
  )
  const told = new Map<string, number>()
  return () => {
    const [times, revision] = [cache.loads(), cache.revision()]
    for (const { storage, strategy, reader } of registry.all()) {
      if (strategy.ephemeral || reader !== undefined) continue
      const { group, plural } = storage
      const folder = collectionPrefix(storage)
      const count = cache.count(folder)
      byName!.with(group === '' ? plural : `${plural}.${group}`).set(count)
      byGroup!.with(group, plural).set(count)
      bytes.with(group, plural).add(0)
      reached!.with(group, plural).set(revision)
      loaded.with(group, plural).inc(times - (told.get(folder) ?? 0))
      told.set(folder, times)
    }
  }
}

function tellUnavailable(metrics: Metrics, cache: WatchCache): void {
  const gauge = metrics.gauge(unavailableApi)
  const prefix = collectionPrefix({ group: 'apiregistration.k8s.io', plural: 'apiservices' })
  for (const { object } of cache.list(prefix).items) {
    const { metadata, status } = object as APIService
    const available = findCondition(status?.conditions, 'Available')
    gauge.with(metadata.name ?? '').set(available?.status === 'True' ? 0 : 1)
  }
}
