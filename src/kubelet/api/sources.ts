import type { Metrics } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import type { KubeletConfig } from '../config.ts'
import type { Machine } from '../node/machine.ts'
import type { PodWorkers } from '../pod/workers.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Snapshot } from '../stats/snapshot.ts'

/** What the API tells about. */
export interface ApiOptions {
  readonly ports: Ports
  readonly config: KubeletConfig
  readonly runtime: Runtime
  readonly machine: Machine
  readonly workers: () => PodWorkers
  /** What the probe manager counts. */
  readonly probeMetrics: Metrics
}

export interface ApiSources {
  readonly options: ApiOptions
  /** What is used now. */
  readonly snapshot: () => Promise<Snapshot>
}
