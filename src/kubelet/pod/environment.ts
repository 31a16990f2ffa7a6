import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import type { Ports } from '../../std/ports.ts'
import type { KubeletConfig } from '../config.ts'
import type { ImagePuller } from '../images/puller.ts'
import type { PodMeter } from '../metrics/pod-meter.ts'
import type { PodNetwork } from '../network/port.ts'
import type { ProbeManager } from '../probes/manager.ts'
import type {
  ContainerResources,
  ContainerSpec,
  Image,
  ObservedContainer,
  Runtime,
  SandboxSpec,
} from '../runtime/runtime.ts'
import type { StatusManager } from '../status/manager.ts'
import type { PodEvents } from './events.ts'

/** All that a pod worker acts through. */
export interface PodEnvironment {
  readonly ports: Ports
  readonly config: KubeletConfig
  readonly runtime: Runtime
  readonly runtimeName: string
  readonly network: PodNetwork
  readonly volumes: PodVolumes
  readonly specs: SpecBuilder
  readonly pullImage: ImagePuller
  readonly probes: ProbeManager
  readonly runHook: HookRunner
  readonly statuses: StatusManager
  readonly events: PodEvents
  readonly meter: PodMeter
  readonly terminationMessage: (container: ObservedContainer) => string | undefined
  /** Of a pod that is gone for good. */
  readonly removeLogs: (pod: Pod) => Promise<void>
}

/** Makes a pod's volumes real on the host. */
export interface PodVolumes {
  /**
   * Sets up what is not set up yet and keeps it up to date until `tearDown`. Answers the host paths by volume
   * name. Called again with a newer object of the pod it brings what shows the object up to date. Rejects with
   * a message that says which volume could not be had and why.
   */
  setUp(pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, string>>
  /** Unmounts and removes everything that the pod had on this host, its log files excepted. */
  tearDown(podUid: string): Promise<void>
}

/** Turns a pod's spec into what the runtime is asked for. Rejects with a `StartError`. */
export interface SpecBuilder {
  sandbox(pod: Pod, attempt: number): SandboxSpec
  container(request: SpecRequest): Promise<ContainerSpec>
  resources(pod: Pod, container: Container): ContainerResources
}

export interface SpecRequest {
  readonly pod: Pod
  readonly container: Container
  readonly attempt: number
  readonly sandboxId: string
  readonly image: Image
  readonly volumes: ReadonlyMap<string, string>
  readonly podIps: readonly string[]
}

/** Runs a lifecycle hook inside or against a container. Rejects when the hook fails; gives up after `timeoutMs`. */
export type HookRunner = (request: HookRequest) => Promise<void>

export interface HookRequest {
  readonly hook: 'postStart' | 'preStop'
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  readonly podIp: string | undefined
  readonly timeoutMs: number | undefined
}
