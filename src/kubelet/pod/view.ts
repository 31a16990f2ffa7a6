import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import type { Observed, ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts'
import type { Backoff } from './backoff.ts'
import type { ResizeState } from './resize-state.ts'

/** Everything that a decision about one pod looks at, at one moment. Plans and statuses are functions of it. */
export interface PodView {
  readonly pod: Pod
  readonly observed: Observed
  readonly nowMs: number
  /** What the probes say of a running container. */
  readonly probe: (container: ObservedContainer) => ProbeVerdict
  /** By container name: why its last start failed. */
  readonly failures: ReadonlyMap<string, StartFailure>
  /** By container name. */
  readonly crashes: ReadonlyMap<string, Backoff>
  /** By container id: when the stop that is under way turns into SIGKILL. */
  readonly stopping: ReadonlyMap<string, number>
  /** Of a pod that a worker keeps: what was granted and what is in force. */
  readonly resize?: ResizeState
  /** Set once the pod is on its way out; never taken back. */
  readonly ending: Ending | undefined
}

export interface ProbeVerdict {
  /** Past its postStart hook and its startup probe. */
  readonly started: boolean
  readonly ready: boolean
  /** The probe that wants the container to be killed. */
  readonly failed?: { readonly probe: 'liveness' | 'startup'; readonly graceSeconds: number | undefined }
}

export interface StartFailure {
  /** `ErrImageNeverPull`, `CreateContainerConfigError`, … */
  readonly reason: string
  readonly message: string
  readonly retryAtMs: number
  /** The restart count that the failed start has used up. */
  readonly attempt?: number
}

/** Why and since when a pod is being ended. */
export interface Ending {
  readonly cause: 'deleted' | 'completed' | 'deadline' | 'evicted' | 'orphaned'
  readonly graceSeconds: number
  readonly sinceMs: number
  /** For `deadline` and `evicted`: what the status says. */
  readonly reason?: string
  readonly message?: string
}

/** The newest sandbox, when it is ready. */
export function currentSandbox(observed: Observed): ObservedSandbox | undefined {
  const newest = newestSandbox(observed)
  return newest?.ready ? newest : undefined
}

export function newestSandbox({ sandboxes }: Observed): ObservedSandbox | undefined {
  return sandboxes.reduce<ObservedSandbox | undefined>(
    (best, next) => (best && best.attempt >= next.attempt ? best : next),
    undefined,
  )
}

/** The containers of one name, newest first. */
export function containersNamed({ containers }: Observed, name: string): ObservedContainer[] {
  return containers
    .filter(container => container.name === name)
    .sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs)
}

export function newestContainer(observed: Observed, name: string): ObservedContainer | undefined {
  return containersNamed(observed, name)[0]
}

/** Where in the pod a container stands. */
export type Role = 'init' | 'sidecar' | 'app' | 'ephemeral'

/** Every container of a spec with its role, in the order of the spec. */
export function* rolesOf(pod: Pod): Generator<{ container: Container; role: Role }> {
  for (const container of pod.spec?.initContainers ?? [])
    yield { container, role: container.restartPolicy === 'Always' ? 'sidecar' : 'init' }
  for (const container of pod.spec?.containers ?? []) yield { container, role: 'app' }
  for (const container of pod.spec?.ephemeralContainers ?? []) yield { container, role: 'ephemeral' }
}
