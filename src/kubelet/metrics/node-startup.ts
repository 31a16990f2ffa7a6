import type { Ports } from '../../std/ports.ts'
import { kubeletSpec } from './spec.ts'

const preKubelet = kubeletSpec(
  'node_startup_pre_kubelet_duration_seconds',
  'Duration in seconds of node startup before kubelet starts.',
)
const preRegistration = kubeletSpec(
  'node_startup_pre_registration_duration_seconds',
  'Duration in seconds of node startup before registration.',
)
const registration = kubeletSpec(
  'node_startup_registration_duration_seconds',
  'Duration in seconds of node startup during registration.',
)
const postRegistration = kubeletSpec(
  'node_startup_post_registration_duration_seconds',
  'Duration in seconds of node startup after registration.',
)
const startup = kubeletSpec('node_startup_duration_seconds', 'Duration in seconds of node startup in total.')

/** The way of a machine to a node that is ready for the first time (upstream NodeStartupLatencyTracker). */
export interface NodeStartup {
  registering(): void
  /** The API server made the node; one that was there before is not measured. */
  registered(bootedAtMs: number | undefined): void
  ready(): void
}

/** To be made when the kubelet starts. */
export function createNodeStartup({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): NodeStartup {
  const startedMs = clock.nowMs()
  let attemptedMs: number | undefined
  let madeMs: number | undefined
  let bootMs: number | undefined
  let isReady = false
  const tell = (spec: typeof startup, fromMs: number, untilMs: number) =>
    metrics
      .gauge(spec)
      .with()
      .set((untilMs - fromMs) / 1000)
  return {
    registering() {
      attemptedMs ??= clock.nowMs()
    },
    registered(bootedAtMs) {
      if (attemptedMs === undefined || madeMs !== undefined) return
      madeMs = clock.nowMs()
      bootMs = bootedAtMs
      if (bootMs !== undefined) tell(preKubelet, bootMs, startedMs)
      tell(preRegistration, startedMs, attemptedMs)
      tell(registration, attemptedMs, madeMs)
    },
    ready() {
      if (madeMs === undefined || isReady) return
      isReady = true
      const nowMs = clock.nowMs()
      tell(postRegistration, madeMs, nowMs)
      if (bootMs !== undefined) tell(startup, bootMs, nowMs)
    },
  }
}
