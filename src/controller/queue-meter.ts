import { exponentialBuckets, type HistogramSpec, type MetricSpec } from '../std/metrics.ts'
import type { Cancel, Ports } from '../std/ports.ts'

/** What happens to the keys of one work queue, as client-go's workqueue metrics tell it. */
export interface QueueMeter {
  added(key: string): void
  taken(key: string): void
  done(key: string): void
  retried(): void
  /** Stops being asked; what was counted stays. */
  readonly stop: Cancel
}

const labels = ['name']
const stability = 'ALPHA'
const buckets = exponentialBuckets(10e-9, 10, 10)
const spec = (name: string, help: string): MetricSpec => ({ name, help, labels, stability })
const depthSpec = spec('workqueue_depth', 'Keys that wait for a worker.')
const unfinishedSpec = spec(
  'workqueue_unfinished_work_seconds',
  'Seconds that keys in work have taken so far, summed up.',
)
const longestSpec = spec(
  'workqueue_longest_running_processor_seconds',
  'Seconds of the key that is in work longest.',
)
const addsSpec = spec('workqueue_adds_total', 'Keys that were added.')
const retriesSpec = spec('workqueue_retries_total', 'Keys that were added again after a failure.')
const waitSpec: HistogramSpec = {
  ...spec('workqueue_queue_duration_seconds', 'Seconds that keys waited for a worker.'),
  buckets,
}
const workSpec: HistogramSpec = {
  ...spec('workqueue_work_duration_seconds', 'Seconds that work on a key took.'),
  buckets,
}

/** Measures the queue called `name`. */
export function createQueueMeter(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  name: string,
): QueueMeter {
  const depth = metrics.gauge(depthSpec).with(name)
  const adds = metrics.counter(addsSpec).with(name)
  const retries = metrics.counter(retriesSpec).with(name)
  const waited = metrics.histogram(waitSpec).with(name)
  const worked = metrics.histogram(workSpec).with(name)
  const waitingSince = new Map<string, number>()
  const workingSince = new Map<string, number>()
  const stop = metrics.onRead(() => {
    const nowMs = clock.monotonicMs()
    const runningMs = [...workingSince.values()].map(sinceMs => nowMs - sinceMs)
    depth.set(waitingSince.size)
    metrics
      .gauge(unfinishedSpec)
      .with(name)
      .set(runningMs.reduce((sum, each) => sum + each, 0) / 1000)
    metrics
      .gauge(longestSpec)
      .with(name)
      .set(Math.max(0, ...runningMs) / 1000)
  })
  return {
    added(key) {
      adds.inc()
      waitingSince.set(key, clock.monotonicMs())
    },
    taken(key) {
      const nowMs = clock.monotonicMs()
      waited.observe((nowMs - (waitingSince.get(key) ?? nowMs)) / 1000)
      waitingSince.delete(key)
      workingSince.set(key, nowMs)
    },
    done(key) {
      worked.observe((clock.monotonicMs() - (workingSince.get(key) ?? 0)) / 1000)
      workingSince.delete(key)
    },
    retried: () => retries.inc(),
    stop,
  }
}
