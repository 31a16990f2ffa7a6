import type { Ports } from '../../std/ports.ts'
import { layerOver } from '../../storage/layer.ts'
import type { Store, StoreEvent, Write } from '../../storage/store.ts'
import { memo } from '../rest/memo.ts'
import { kindFolder } from '../watchcache/index.ts'
import { kindLabels } from './kind-labels.ts'
import * as specs from './specs.ts'

/** The same store, its writes counted and timed, and the events that it tells counted. */
export function measuredStore(store: Store, { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): Store {
  const total = metrics.counter(specs.storageRequests)
  const errors = metrics.counter(specs.storageErrors)
  const seconds = metrics.histogram(specs.storageSeconds)
  const known = new Map<string, ReturnType<typeof seriesOf>>()
  const seriesOf = (folder: string, operation: string) => {
    const labels = [operation, ...kindLabels(folder)]
    return { total: total.with(...labels), errors: errors.with(...labels), seconds: seconds.with(...labels) }
  }
  const countEvents = eventCounter(metrics)
  return layerOver(store, {
    async write(write) {
      const operation = operationOf(write)
      const folder = kindFolder(write.key)
      const series = memo(known, `${operation} ${folder}`, () => seriesOf(folder, operation))
      const startMs = clock.monotonicMs()
      series.total.inc()
      try {
        return await store.write(write)
      } catch (error) {
        series.errors.inc()
        throw error
      } finally {
        series.seconds.observe((clock.monotonicMs() - startMs) / 1000)
      }
    },
    watch: (prefix, fromRevision, sink, signal) =>
      store.watch(
        prefix,
        fromRevision,
        events => {
          countEvents(events)
          sink(events)
        },
        signal,
      ),
  })
}

/** The cache alone watches the store: what it is told is what it takes. */
function eventCounter(metrics: Ports['metrics']): (events: readonly StoreEvent[]) => void {
  const families = [specs.storageEvents, specs.cacheEvents].map(spec => metrics.counter(spec))
  const known = new Map<string, ReturnType<(typeof families)[number]['with']>[]>()
  return events => {
    for (const { key } of events) {
      const folder = kindFolder(key)
      const series = memo(known, folder, () => families.map(family => family.with(...kindLabels(folder))))
      for (const each of series) each.inc()
    }
  }
}

function operationOf({ value, expected }: Write): string {
  if (value === undefined) return 'delete'
  return expected === 0 ? 'create' : 'update'
}
