import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
} from '../../api/types/autoscaling-v2.gen.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import { objectKey } from '../../client/resource.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import type { Cancel, Ports } from '../../std/ports.ts'

const labels = ['action', 'error']
/** Upstream's names, labels and buckets (pkg/controller/podautoscaler/metrics). */
const total: MetricSpec = {
  name: 'horizontal_pod_autoscaler_controller_reconciliations_total',
  help: 'Looks at autoscalers, by what they made of their target and what went wrong.',
  labels,
  stability: 'ALPHA',
}
const seconds: HistogramSpec = {
  name: 'horizontal_pod_autoscaler_controller_reconciliation_duration_seconds',
  help: 'Seconds that a look at an autoscaler took.',
  labels,
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.001, 2, 15),
}

const ofMetric = [...labels, 'metric_type']
const computations: MetricSpec = {
  name: 'horizontal_pod_autoscaler_controller_metric_computation_total',
  help: 'Looks at one metric of an autoscaler, by what it asks for and what went wrong.',
  labels: ofMetric,
  stability: 'ALPHA',
}
const computationSeconds: HistogramSpec = {
  name: 'horizontal_pod_autoscaler_controller_metric_computation_duration_seconds',
  help: 'Seconds that a look at one metric took.',
  labels: ofMetric,
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.001, 2, 15),
}

const there: MetricSpec = {
  name: 'horizontal_pod_autoscaler_controller_num_horizontal_pod_autoscalers',
  help: 'Autoscalers that there are.',
  stability: 'ALPHA',
}
const desired: MetricSpec = {
  name: 'horizontal_pod_autoscaler_controller_desired_replicas',
  help: 'Pods that the target of each autoscaler is to have.',
  labels: ['namespace', 'hpa_name'],
  stability: 'ALPHA',
}

/** Tells at each reading how many autoscalers there are, and what each wants. */
export function tellAutoscalers(metrics: Metrics, store: ObjectStore<HorizontalPodAutoscaler>): Cancel {
  const gauge = metrics.gauge(desired)
  const told = new Map<string, readonly string[]>()
  return metrics.onRead(() => {
    metrics.gauge(there).with().set(store.list().length)
    for (const [key, labels] of told) if (!store.byKey(key)) gauge.drop(...labels)
    told.clear()
    for (const autoscaler of store.list()) {
      const { metadata, status } = autoscaler
      if (!status) continue
      const labels = [metadata.namespace ?? '', metadata.name ?? '']
      told.set(objectKey(autoscaler), labels)
      gauge.with(...labels).set(status.desiredReplicas)
    }
  })
}

/** Counts one look at one metric of something that has `current` pods. */
export async function countedComputation<T extends { readonly replicas: number }>(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  { type, current }: { readonly type: string; readonly current: number },
  compute: () => Promise<T>,
): Promise<T> {
  const startMs = clock.monotonicMs()
  const count = (action: string, error: string) => {
    metrics.counter(computations).with(action, error, type).inc()
    metrics
      .histogram(computationSeconds)
      .with(action, error, type)
      .observe((clock.monotonicMs() - startMs) / 1000)
  }
  try {
    const found = await compute()
    count(wayTo(found.replicas, current), 'none')
    return found
  } catch (error) {
    count('none', 'internal')
    throw error
  }
}

function wayTo(replicas: number, current: number): string {
  if (replicas === current) return 'none'
  return replicas > current ? 'scale_up' : 'scale_down'
}

/** Counts one look at an autoscaler. Metrics that cannot be read are an `internal` error, as upstream. */
export async function countedReconciliation(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  autoscaler: HorizontalPodAutoscaler,
  look: () => Promise<HorizontalPodAutoscalerStatus>,
): Promise<void> {
  const startMs = clock.monotonicMs()
  const count = (action: string, error: string) => {
    metrics.counter(total).with(action, error).inc()
    metrics
      .histogram(seconds)
      .with(action, error)
      .observe((clock.monotonicMs() - startMs) / 1000)
  }
  try {
    const status = await look()
    count(actionOf(status, autoscaler.status), hasFailed(status) ? 'internal' : 'none')
  } catch (error) {
    count('none', 'internal')
    throw error
  }
}

function actionOf(
  { desiredReplicas, currentReplicas = 0 }: HorizontalPodAutoscalerStatus,
  before: HorizontalPodAutoscalerStatus | undefined,
): string {
  return desiredReplicas === before?.desiredReplicas ? 'none' : wayTo(desiredReplicas, currentReplicas)
}

function hasFailed({ conditions = [] }: HorizontalPodAutoscalerStatus): boolean {
  return conditions.some(
    ({ type, status, reason = '' }) =>
      status === 'False' && type !== 'ScalingLimited' && reason.startsWith('Failed'),
  )
}
