import type { Resource } from '../../api/define.ts'
import type { Counter, HistogramSpec, MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'
import { memo } from '../rest/memo.ts'

const kind = ['group', 'resource']

/** Names, labels and buckets are upstream's (apiserver pkg/storage/cacher/metrics, pkg/endpoints/metrics). */
const lists: MetricSpec = {
  name: 'apiserver_cache_list_total',
  help: 'Lists that were answered from the watch cache.',
  labels: ['group', 'index', 'resource'],
  stability: 'ALPHA',
}
const looked: MetricSpec = {
  name: 'apiserver_cache_list_fetched_objects_total',
  help: 'Objects that lists looked at in the watch cache.',
  labels: ['group', 'index', 'resource'],
  stability: 'ALPHA',
}
const returned: MetricSpec = {
  name: 'apiserver_cache_list_returned_objects_total',
  help: 'Objects that lists answered with.',
  labels: kind,
  stability: 'ALPHA',
}
const consistent: MetricSpec = {
  name: 'apiserver_watch_cache_consistent_read_total',
  help: 'Lists as new as everybody’s writes that the watch cache was asked for.',
  labels: ['fallback', 'group', 'resource', 'success'],
  stability: 'ALPHA',
}
const waits: HistogramSpec = {
  name: 'apiserver_watch_cache_read_wait_seconds',
  help: 'Seconds that a read waited until the watch cache was as new as it asked for.',
  labels: kind,
  stability: 'ALPHA',
  buckets: [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3],
}
const initialEvents: MetricSpec = {
  name: 'apiserver_init_events_total',
  help: 'Objects that were there already when a watch began, as they were looked at for it.',
  labels: kind,
  stability: 'ALPHA',
}
const terminated: MetricSpec = {
  name: 'apiserver_terminated_watchers_total',
  help: 'Watches that ended because their client did not follow.',
  labels: kind,
  stability: 'ALPHA',
}
const watchLists: HistogramSpec = {
  name: 'apiserver_watch_list_duration_seconds',
  help: 'Seconds until a watch that began with what there is had told all of it.',
  labels: ['group', 'version', 'resource', 'scope'],
  stability: 'ALPHA',
  buckets: [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
}
const comparisons: HistogramSpec = {
  name: 'apiserver_request_timestamp_comparison_time',
  help: 'Seconds spent to find out whether a write changes more than the times of its managers.',
  labels: ['code_path'],
  stability: 'ALPHA',
  buckets: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 5],
}

/** Measures what is read, and whether writes change anything. Times are milliseconds. */
export interface RestMeter {
  list(
    resource: Resource,
    list: { readonly index: string; readonly looked: number; readonly answered: number },
  ): void
  /** A list that wants to see everybody's writes. */
  consistentList(resource: Resource, succeeded: boolean): void
  /** Until the cache was as new as a read wants it. */
  waited(resource: Resource, ms: number): void
  /** Objects that a watch begins with, looked at for it. */
  initial(resource: Resource, count: number): void
  /** Until a watch had told all of what there was. */
  watchList(resource: Resource, scope: string, ms: number): void
  /** A watch ended because its client did not follow. */
  terminated(resource: Resource): void
  /** Runs a comparison, whose answer says on which way it was made. */
  comparison(compare: () => ComparisonPath): void
}

export type ComparisonPath = 'equal_objects' | 'unequal_objects_fast' | 'unequal_objects_slow'

export function restMeter(metrics: Metrics, clock: Pick<Clock, 'monotonicMs'>): RestMeter {
  const listed = createListSeries(metrics)
  const [reads, waited, first, ended] = [
    metrics.counter(consistent),
    metrics.histogram(waits),
    metrics.counter(initialEvents),
    metrics.counter(terminated),
  ]
  const succeeded = perKind((group, plural) => reads.with('false', group, plural, 'true'))
  const failed = perKind((group, plural) => reads.with('false', group, plural, 'false'))
  const waitedFor = perKind((...labels) => waited.with(...labels))
  const initialOf = perKind((...labels) => first.with(...labels))
  const watched = metrics.histogram(watchLists)
  const compared = metrics.histogram(comparisons)
  return {
    list(resource, { index, looked: seen, answered }) {
      const series = listed(resource, index)
      series.lists.inc()
      series.looked.inc(seen)
      series.returned.inc(answered)
    },
    consistentList: (resource, isDone) => (isDone ? succeeded : failed)(resource).inc(),
    waited: (resource, ms) => waitedFor(resource).observe(ms / 1000),
    initial: (resource, count) => initialOf(resource).inc(count),
    watchList: ({ group, version, plural }, scope, ms) =>
      watched.with(group, version, plural, scope).observe(ms / 1000),
    terminated: ({ storage: { group, plural } }) => ended.with(group, plural).inc(),
    comparison(compare) {
      const startMs = clock.monotonicMs()
      const path = compare()
      compared.with(path).observe((clock.monotonicMs() - startMs) / 1000)
    },
  }
}

/** Handles are kept by what is asked: labels are not put together for each request. */
function perKind<Series extends object>(make: (group: string, plural: string) => Series) {
  const known = new WeakMap<Resource, Series>()
  return (resource: Resource): Series =>
    memo(known, resource, () => make(resource.storage.group, resource.storage.plural))
}

interface ListSeries {
  readonly lists: Counter
  readonly looked: Counter
  readonly returned: Counter
}

function createListSeries(metrics: Metrics) {
  const [total, seen, answered] = [metrics.counter(lists), metrics.counter(looked), metrics.counter(returned)]
  const indexesOf = perKind(() => new Map<string, ListSeries>())
  return (resource: Resource, index: string): ListSeries =>
    memo(indexesOf(resource), index, () => {
      const { group, plural } = resource.storage
      return {
        lists: total.with(group, index, plural),
        looked: seen.with(group, index, plural),
        returned: answered.with(group, plural),
      }
    })
}
