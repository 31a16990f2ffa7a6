import type { Ports } from '../../std/ports.ts'
import { layerOver } from '../../storage/layer.ts'
import type { Store, Write } from '../../storage/store.ts'
import { kindFolder } from '../watchcache/index.ts'
import * as specs from './specs.ts'

/** The same store, its writes counted and timed. */
export function measuredStore(store: Store, { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): Store {
  const total = metrics.counter(specs.storageRequests)
  const errors = metrics.counter(specs.storageErrors)
  const seconds = metrics.histogram(specs.storageSeconds)
  const known = new Map<string, ReturnType<typeof seriesOf>>()
  const seriesOf = (folder: string, operation: string) => {
    const [, , group = '', resource = ''] = folder.split('/')
    const labels = [operation, group === 'core' ? '' : group, resource]
    return { total: total.with(...labels), errors: errors.with(...labels), seconds: seconds.with(...labels) }
  }
  return layerOver(store, {
    async write(write) {
      const operation = operationOf(write)
      const folder = kindFolder(write.key)
      const key = `${operation} ${folder}`
      const series = known.get(key) ?? seriesOf(folder, operation)
      known.set(key, series)
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
  })
}

function operationOf({ value, expected }: Write): string {
  if (value === undefined) return 'delete'
  return expected === 0 ? 'create' : 'update'
}
