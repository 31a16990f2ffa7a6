import type { Ports } from '../../std/ports.ts'
import { kubeletHistogram, kubeletSpec } from './spec.ts'

const opened = kubeletSpec(
  'evented_pleg_connection_success_count',
  'The number of times a streaming client was obtained to receive CRI Events.',
)
const failed = kubeletSpec(
  'evented_pleg_connection_error_count',
  'The number of errors encountered during the establishment of streaming connection with the CRI runtime.',
)
const latencySeconds = kubeletHistogram(
  'evented_pleg_connection_latency_seconds',
  'The latency of streaming connection with the CRI runtime, measured in seconds.',
)
const relistSeconds = kubeletHistogram(
  'pleg_relist_duration_seconds',
  'Duration in seconds for relisting pods in PLEG.',
)

/** How the kubelet learns what became of containers: by the engine's events, and by lists where there were none. */
export interface EngineStreamMeter {
  opened(): void
  failed(): void
  /** An event came that the engine dates so. */
  event(atMs: number): void
  /** Times a list of all pods that makes up for events. */
  relist<T>(list: () => Promise<T>): Promise<T>
}

export function createEngineStreamMeter({
  metrics,
  clock,
}: Pick<Ports, 'metrics' | 'clock'>): EngineStreamMeter {
  const openedTotal = metrics.counter(opened).with()
  const failedTotal = metrics.counter(failed).with()
  const latency = metrics.histogram(latencySeconds).with()
  const relist = metrics.histogram(relistSeconds).with()
  return {
    opened: () => openedTotal.inc(),
    failed: () => failedTotal.inc(),
    event: atMs => latency.observe((clock.nowMs() - atMs) / 1000),
    async relist(list) {
      const startMs = clock.monotonicMs()
      try {
        return await list()
      } finally {
        relist.observe((clock.monotonicMs() - startMs) / 1000)
      }
    },
  }
}
