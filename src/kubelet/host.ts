import type { Pod } from '../api/types/core-v1.gen.ts'
import type { ContainerFiles } from './container/spec.ts'
import type { Machine } from './node/machine.ts'
import type { HookRunner, PodVolumes } from './pod/environment.ts'
import type { PodWorkers } from './pod/workers.ts'
import type { Prober } from './probes/prober.ts'
import type { ObservedContainer } from './runtime/runtime.ts'

/** Everything about a node that is not the runtime and not the network: the machine it stands on. */
export interface KubeletHost {
  /** Scheme of container ids: `podman`. */
  readonly runtimeName: string
  readonly machine: Machine
  readonly volumes: PodVolumes
  readonly files: ContainerFiles
  readonly prober: Prober
  readonly runHook: HookRunner
  readonly terminationMessage: (container: ObservedContainer) => string | undefined
  readonly removeLogs: (pod: Pod) => Promise<void>
  /** Reads the manifests that are there and goes on watching them. Resolves when all are handed over. */
  readonly staticPods: (workers: PodWorkers) => Promise<void>
  /** What goes on beside the pods (the HTTPS API, log rotation) until `signal` aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>
}
