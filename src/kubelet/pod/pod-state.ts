import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Observed } from '../runtime/runtime.ts'
import type { Backoff } from './backoff.ts'
import type { PodEnvironment } from './environment.ts'
import { newResizeState, type ResizeState } from './resize-state.ts'
import type { Ending, PodView, StartFailure } from './view.ts'
import { rolesOf } from './view.ts'

/** What a worker remembers of its pod between two looks. Lost on restart without harm. */
export interface PodState {
  /** As its source has it, with the resources that were granted. */
  pod: Pod
  ending: Ending | undefined
  readonly startedAtMs: number
  readonly failures: Map<string, StartFailure>
  readonly crashes: Map<string, Backoff>
  readonly stopping: Map<string, number>
  /** Addresses of the present sandbox, once it is wired up. */
  network: { readonly sandboxId: string; readonly ips: readonly string[] } | undefined
  volumes: ReadonlyMap<string, string> | undefined
  readonly resize: ResizeState
}

export function newPodState(pod: Pod, nowMs: number): PodState {
  return {
    pod,
    ending: undefined,
    startedAtMs: nowMs,
    failures: new Map(),
    crashes: new Map(),
    stopping: new Map(),
    network: undefined,
    volumes: undefined,
    resize: newResizeState(pod),
  }
}

export function viewOf(env: PodEnvironment, state: PodState, observed: Observed): PodView {
  return {
    pod: state.pod,
    observed,
    nowMs: env.ports.clock.nowMs(),
    probe: container => env.probes.verdict(container),
    failures: state.failures,
    crashes: state.crashes,
    stopping: state.stopping,
    ending: state.ending,
    resize: state.resize,
  }
}

/** Probes what runs, forgets the stops that have come to their end. */
export function syncProbes(
  env: PodEnvironment,
  state: PodState,
  observed: Observed,
  changed: () => void,
): void {
  const specs = new Map(
    [...rolesOf(state.pod)].filter(({ role }) => role !== 'init').map(r => [r.container.name, r.container]),
  )
  const podIp = state.pod.spec?.hostNetwork ? env.config.nodeIps[0] : state.network?.ips[0]
  const targets = observed.containers.flatMap(container => {
    const spec = specs.get(container.name)
    const probed = container.state === 'running' && spec
    return probed ? [{ spec, container, podIp, stopping: state.stopping.has(container.id) }] : []
  })
  env.probes.sync(state.pod, targets, changed)
  const running = new Set(observed.containers.filter(c => c.state === 'running').map(c => c.id))
  for (const id of state.stopping.keys()) if (!running.has(id)) state.stopping.delete(id)
}
