import {
  exponentialBuckets,
  type Gauge,
  type HistogramSpec,
  type MetricSpec,
  type Metrics,
} from '../std/metrics.ts'
import type { Cancel } from '../std/ports.ts'
import type { Incoming, Place } from './queue/scheduling-queue.ts'

/** Names, labels, buckets and stability are upstream's (pkg/scheduler/metrics): dashboards know them. */
const attempts: MetricSpec = {
  name: 'scheduler_schedule_attempts_total',
  help: 'Tries to place a pod, by result: scheduled, unschedulable (no node will do) or error.',
  labels: ['profile', 'result'],
  stability: 'STABLE',
}
const attemptSeconds: HistogramSpec = {
  name: 'scheduler_scheduling_attempt_duration_seconds',
  help: 'Seconds of a try, binding included.',
  labels: ['profile', 'result'],
  stability: 'STABLE',
  buckets: exponentialBuckets(0.001, 2, 15),
}
const algorithmSeconds: HistogramSpec = {
  name: 'scheduler_scheduling_algorithm_duration_seconds',
  help: 'Seconds that the choice of a node took.',
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.001, 2, 15),
}
const podAttempts: HistogramSpec = {
  name: 'scheduler_pod_scheduling_attempts',
  help: 'Tries that a pod needed until it was placed.',
  stability: 'STABLE',
  buckets: exponentialBuckets(1, 2, 5),
}
const sliSeconds: HistogramSpec = {
  name: 'scheduler_pod_scheduling_sli_duration_seconds',
  help: 'Seconds from the arrival of a pod in the queue to its placement.',
  labels: ['attempts'],
  stability: 'BETA',
  buckets: exponentialBuckets(0.01, 2, 20),
}
const pendingPods: MetricSpec = {
  name: 'scheduler_pending_pods',
  help: 'Pods without a node: active ones are next, backoff and unschedulable ones wait, gated ones may not be tried.',
  labels: ['queue'],
  stability: 'STABLE',
}
const cacheSize: MetricSpec = {
  name: 'scheduler_cache_size',
  help: 'Nodes, pods on them, and pods placed that the API does not show yet.',
  labels: ['type'],
  stability: 'ALPHA',
}
const incomingPods: MetricSpec = {
  name: 'scheduler_queue_incoming_pods_total',
  help: 'Pods that came to a part of the queue, by what brought them there.',
  labels: ['queue', 'event'],
  stability: 'STABLE',
}
const unschedulablePods: MetricSpec = {
  name: 'scheduler_unschedulable_pods',
  help: 'Pods that wait, by each plugin that rejected them.',
  labels: ['plugin', 'profile'],
  stability: 'ALPHA',
}
const preemptionAttempts: MetricSpec = {
  name: 'scheduler_preemption_attempts_total',
  help: 'Tries to make room for a pod.',
  stability: 'STABLE',
}
const preemptionVictims: HistogramSpec = {
  name: 'scheduler_preemption_victims',
  help: 'Pods that had to leave for one pod.',
  stability: 'STABLE',
  buckets: exponentialBuckets(1, 2, 7),
}

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error'

/** What the scheduler counts as it goes. Durations in milliseconds. */
export interface SchedulerMeter {
  chosen(durationMs: number): void
  attempted(result: AttemptResult, profile: string, durationMs: number): void
  placed(tries: number, sinceQueuedMs: number): void
}

/** Counts the pods that come to each part of the queue. */
export function countIncoming(metrics: Metrics): Incoming {
  const total = metrics.counter(incomingPods)
  return (place, event) => total.with(place === 'gated' ? queueNames.waiting : queueNames[place], event).inc()
}

export interface SchedulerState {
  readonly queue: Readonly<Record<Place, number>>
  readonly nodes: number
  readonly pods: number
  readonly assumed: number
  /** How many pods wait for what each plugin of each profile rejected. */
  readonly rejected: ReadonlyMap<string, ReadonlyMap<string, number>>
}

const queueNames: Readonly<Record<Place, string>> = {
  active: 'active',
  backoff: 'backoff',
  waiting: 'unschedulable',
  gated: 'gated',
}

/** `state` is asked for at each reading, until the cancel is called. */
export function meterScheduler(
  metrics: Metrics,
  state: () => SchedulerState,
): { readonly meter: SchedulerMeter; readonly cancel: Cancel } {
  const total = metrics.counter(attempts)
  const seconds = metrics.histogram(attemptSeconds)
  const algorithm = metrics.histogram(algorithmSeconds).with()
  const tries = metrics.histogram(podAttempts).with()
  const sli = metrics.histogram(sliSeconds)
  const pending = metrics.gauge(pendingPods)
  const size = metrics.gauge(cacheSize)
  const unschedulable = createUnschedulable(metrics)
  const cancel = metrics.onRead(() => {
    const { queue, nodes, pods, assumed, rejected } = state()
    unschedulable(rejected)
    for (const place of Object.keys(queueNames) as Place[]) pending.with(queueNames[place]).set(queue[place])
    for (const [type, count] of Object.entries({ nodes, pods, assumed_pods: assumed }))
      size.with(type).set(count)
  })
  const meter: SchedulerMeter = {
    chosen: durationMs => algorithm.observe(durationMs / 1000),
    attempted(result, profile, durationMs) {
      total.with(profile, result).inc()
      seconds.with(profile, result).observe(durationMs / 1000)
    },
    placed(needed, sinceQueuedMs) {
      tries.observe(needed)
      sli.with(needed >= 15 ? '15+' : String(needed)).observe(sinceQueuedMs / 1000)
    },
  }
  return { meter, cancel }
}

/** A plugin that rejected a pod once goes on being told, with 0 when no such pod is left. */
function createUnschedulable(metrics: Metrics) {
  const pods = metrics.gauge(unschedulablePods)
  const told = new Map<string, Gauge>()
  return (rejected: SchedulerState['rejected']): void => {
    for (const gauge of told.values()) gauge.set(0)
    for (const [profile, byPlugin] of rejected)
      for (const [plugin, count] of byPlugin) {
        const gauge = pods.with(plugin, profile)
        told.set(`${profile} ${plugin}`, gauge)
        gauge.set(count)
      }
  }
}

/** What preemption counts. */
export function meterPreemption(metrics: Metrics) {
  const tried = metrics.counter(preemptionAttempts).with()
  const victims = metrics.histogram(preemptionVictims).with()
  return { tried: () => tried.inc(), evicted: (count: number) => victims.observe(count) }
}
