import type { Pod } from '../../api/types/core-v1.gen.ts'
import { exponentialBuckets, type Metrics } from '../../std/metrics.ts'
import type { Role } from '../pod/view.ts'
import { kubeletHistogram, kubeletSpec } from './spec.ts'

/** What a worker was busy with: upstream's sync types, and `terminated` for the last round of a pod. */
export type SyncType = 'create' | 'update' | 'sync' | 'kill' | 'terminated'

/** What becomes of the pods of a node, counted under upstream's names. */
export type PodMeter = ReturnType<typeof createPodMeter>

/** Seconds that a pod may take to start. */
export const podStartBuckets = [
  ...[0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900],
  ...[1200, 1800, 2700, 3600],
]

const containersPerPod = kubeletHistogram('containers_per_pod_count', 'The number of containers per pod.', {
  buckets: exponentialBuckets(1, 2, 5),
})
const workerStartSeconds = kubeletHistogram(
  'pod_worker_start_duration_seconds',
  'Duration in seconds from kubelet seeing a pod to starting a worker.',
)
const workerSeconds = kubeletHistogram(
  'pod_worker_duration_seconds',
  'Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync',
  { labels: ['operation_type'] },
)
const podStartSeconds = kubeletHistogram(
  'pod_start_duration_seconds',
  'Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run',
  { buckets: podStartBuckets },
)
const statusSeconds = kubeletHistogram(
  'pod_status_sync_duration_seconds',
  'Duration in seconds to sync a pod status update. Measures time from detection of a change to pod status until the API is successfully updated for that pod, even if multiple intevening changes to pod status occur.',
  { buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60] },
)
const sandboxSeconds = kubeletHistogram(
  'run_podsandbox_duration_seconds',
  'Duration in seconds of the run_podsandbox operations. Broken down by RuntimeClass.Handler.',
  { labels: ['runtime_handler'] },
)
const sandboxErrors = kubeletSpec(
  'run_podsandbox_errors_total',
  'Cumulative number of the run_podsandbox operation errors by RuntimeClass.Handler.',
  ['runtime_handler'],
)
const podsStarted = kubeletSpec('started_pods_total', 'Cumulative number of pods started')
const podsNotStarted = kubeletSpec(
  'started_pods_errors_total',
  'Cumulative number of errors when starting pods',
)
const containersStarted = kubeletSpec('started_containers_total', 'Cumulative number of containers started', [
  'container_type',
])
const containersNotStarted = kubeletSpec(
  'started_containers_errors_total',
  'Cumulative number of errors when starting containers',
  ['container_type', 'code'],
)
const rejections = kubeletSpec(
  'admission_rejections_total',
  'Cumulative number pod admission rejections by the Kubelet.',
  ['reason'],
)
const orphans = kubeletSpec(
  'orphaned_runtime_pods_total',
  'Number of pods that have been detected in the container runtime without being already known to the pod worker. This typically indicates the kubelet was restarted while a pod was force deleted in the API or in the local configuration, which is unusual.',
)

const containerTypes: Readonly<Record<Role, string>> = {
  init: 'init_container',
  sidecar: 'init_container',
  app: 'container',
  ephemeral: 'ephemeral_container',
}

/** There is one engine and no other handler of runtime classes. */
const handler = ''

/** Counts in `metrics`. Durations are given in milliseconds. */
export function createPodMeter(metrics: Metrics) {
  const startedPods = metrics.counter(podsStarted).with()
  const failedPods = metrics.counter(podsNotStarted).with()
  const orphaned = metrics.counter(orphans).with()
  const perPod = metrics.histogram(containersPerPod).with()
  const workerStart = metrics.histogram(workerStartSeconds).with()
  const podStart = metrics.histogram(podStartSeconds).with()
  const status = metrics.histogram(statusSeconds).with()
  const worker = metrics.histogram(workerSeconds)
  return {
    /** A worker has its first look at a pod. */
    workerStarted({ spec }: Pod, sinceSeenMs: number): void {
      workerStart.observe(sinceSeenMs / 1000)
      perPod.observe(spec?.containers.length ?? 0)
    },
    synced: (type: SyncType, ms: number): void => worker.with(type).observe(ms / 1000),
    /** A pod is running for the first time. */
    running: (sinceSeenMs: number): void => podStart.observe(sinceSeenMs / 1000),
    sandboxStarting: (): void => startedPods.inc(),
    /** A sandbox has its network, or will not have it. */
    sandboxDone(ms: number, isUp: boolean): void {
      metrics
        .histogram(sandboxSeconds)
        .with(handler)
        .observe(ms / 1000)
      if (isUp) return
      failedPods.inc()
      metrics.counter(sandboxErrors).with(handler).inc()
    },
    containerStarting: (role: Role): void =>
      metrics.counter(containersStarted).with(containerTypes[role]).inc(),
    containerFailed: (role: Role, reason: string): void =>
      metrics.counter(containersNotStarted).with(containerTypes[role], reason).inc(),
    rejected: (reason: string): void => metrics.counter(rejections).with(rejectionLabel(reason)).inc(),
    statusWritten: (ms: number): void => status.observe(ms / 1000),
    orphaned: (): void => orphaned.inc(),
  }
}

/** Upstream's list, as far as they are given here; all others are one, lest names of resources make a series each. */
const knownReasons: ReadonlySet<string> = new Set([
  ...['PodOSSelectorNodeLabelDoesNotMatch', 'PodOSNotSupported'],
  ...['OutOfcpu', 'OutOfmemory', 'OutOfephemeral-storage', 'OutOfpods'],
])

function rejectionLabel(reason: string): string {
  if (knownReasons.has(reason)) return reason
  return reason.startsWith('OutOf') ? 'OutOfExtendedResources' : 'Other'
}
