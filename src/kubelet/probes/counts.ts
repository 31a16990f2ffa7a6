import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import type { Metrics } from '../../std/metrics.ts'

export type ProbeOutcome = 'successful' | 'failed' | 'unknown'

interface ProbeRun {
  readonly pod: Pod
  readonly spec: Container
  readonly kind: 'startup' | 'liveness' | 'readiness'
  readonly outcome: ProbeOutcome
  readonly seconds: number
}

/** Counts what probes came to (upstream's prober_probe_total and prober_probe_duration_seconds). */
export interface ProbeCounts {
  count(run: ProbeRun): void
  /** Of a container that is probed no more nothing is told. */
  forget(pod: Pod, spec: Container): void
}

const titles = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const
const outcomes: readonly ProbeOutcome[] = ['successful', 'failed', 'unknown']
/** Prometheus' default buckets, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createProbeCounts(metrics: Metrics): ProbeCounts {
  const total = metrics.counter({
    name: 'prober_probe_total',
    help: 'Cumulative number of a liveness, readiness or startup probe for a container by result.',
    stability: 'BETA',
    labels: ['container', 'namespace', 'pod', 'pod_uid', 'probe_type', 'result'],
  })
  const duration = metrics.histogram({
    name: 'prober_probe_duration_seconds',
    help: 'Duration in seconds for a probe response.',
    stability: 'ALPHA',
    labels: ['container', 'namespace', 'pod', 'probe_type'],
    buckets,
  })
  const whose = ({ metadata }: Pod, { name }: Container) => [
    name,
    metadata.namespace ?? '',
    metadata.name ?? '',
  ]
  return {
    count({ pod, spec, kind, outcome, seconds }) {
      const of = whose(pod, spec)
      total.with(...of, pod.metadata.uid ?? '', titles[kind], outcome).inc()
      // Upstream does not time probes that failed.
      if (outcome !== 'failed') duration.with(...of, titles[kind]).observe(seconds)
    },
    forget(pod, spec) {
      const of = whose(pod, spec)
      for (const title of Object.values(titles)) {
        duration.drop(...of, title)
        for (const outcome of outcomes) total.drop(...of, pod.metadata.uid ?? '', title, outcome)
      }
    },
  }
}
