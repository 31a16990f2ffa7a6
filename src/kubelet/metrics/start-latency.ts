import type { Pod, PodStatus } from '../../api/types/core-v1.gen.ts'
import type { Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'
import { podStartBuckets } from './pod-meter.ts'
import { kubeletHistogram } from './spec.ts'

const upTo =
  'measured from pod creation timestamp to when all its containers are reported as started and observed via watch'
const sliSeconds = kubeletHistogram(
  'pod_start_sli_duration_seconds',
  `Duration in seconds to start a pod, excluding time to pull images and run init containers, ${upTo}`,
  { buckets: podStartBuckets },
)
const totalSeconds = kubeletHistogram(
  'pod_start_total_duration_seconds',
  `Duration in seconds to start a pod since creation, including time to pull images and run init containers, ${upTo}`,
  { buckets: podStartBuckets },
)

/** Follows pods from their creation until the API shows them as started (upstream PodStartupLatencyTracker). */
export interface StartLatency {
  /** The API server shows this of a pod of ours. */
  observed(pod: Pod): void
  pullStarted(podUid: string): void
  pullEnded(podUid: string): void
  forget(podUid: string): void
}

interface Start {
  pullStartedMs?: number
  pullEndedMs?: number
}

export function createStartLatency(metrics: Metrics, clock: Clock): StartLatency {
  const sli = metrics.histogram(sliSeconds)
  const total = metrics.histogram(totalSeconds)
  /** Pods that came after the kubelet had started, until they are measured. */
  const starting = new Map<string, Start>()
  const measure = ({ metadata }: Pod, { pullStartedMs = 0, pullEndedMs = pullStartedMs }: Start) => {
    const tookMs = clock.nowMs() - Date.parse(metadata.creationTimestamp ?? '')
    if (Number.isNaN(tookMs)) return
    sli.with().observe((tookMs - (pullEndedMs - pullStartedMs)) / 1000)
    total.with().observe(tookMs / 1000)
  }
  return {
    observed(pod) {
      const { metadata, status } = pod
      const uid = metadata.uid ?? ''
      const start = starting.get(uid)
      if (status?.phase === 'Failed' || status?.phase === 'Succeeded') starting.delete(uid)
      else if (!start) {
        if (status?.startTime === undefined) starting.set(uid, {})
      } else if (hasStarted(status)) {
        starting.delete(uid)
        measure(pod, start)
      }
    },
    pullStarted(podUid) {
      const start = starting.get(podUid)
      if (start) start.pullStartedMs ??= clock.nowMs()
    },
    pullEnded(podUid) {
      const start = starting.get(podUid)
      if (start?.pullStartedMs !== undefined) start.pullEndedMs = clock.nowMs()
    },
    forget: podUid => void starting.delete(podUid),
  }
}

/** Each container runs (the definition of the pod startup latency SLI). */
function hasStarted(status: PodStatus | undefined): boolean {
  const { containerStatuses = [] } = status ?? {}
  const isRunning = containerStatuses.every(({ state }) => state?.running?.startedAt !== undefined)
  return containerStatuses.length > 0 && isRunning
}
