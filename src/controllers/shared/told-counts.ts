import type { MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Cancel } from '../../std/ports.ts'

const separator = '\0'

/**
 * Tells at each reading how many objects there are of each set of labels, and of a set that was told once and is no
 * more, that there are none. Nothing is counted in between.
 */
export function tellCounts<T>(
  metrics: Metrics,
  spec: MetricSpec,
  objects: () => Iterable<T>,
  labelsOf: (object: T) => readonly string[],
): Cancel {
  let counts = new Map<string, number>()
  return metrics.onRead(() => {
    counts = new Map([...counts.keys()].map(key => [key, 0]))
    for (const object of objects()) {
      const key = labelsOf(object).join(separator)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    for (const [key, count] of counts)
      metrics
        .gauge(spec)
        .with(...key.split(separator))
        .set(count)
  })
}
