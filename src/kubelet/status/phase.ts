import { isSidecar, sidecarsOf } from '../../api/core/pod/lifecycle.ts'
import type { Container, ContainerStatus, Pod } from '../../api/types/core-v1.gen.ts'
import { shouldRestart } from '../pod/restart.ts'

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

export interface PhaseInput {
  readonly pod: Pod
  readonly statuses: ReadonlyMap<string, ContainerStatus>
  /** The pod is ending and nothing of it will be started again. */
  readonly terminal: boolean
  /** An application container runs or has run. */
  readonly initialized: boolean
  readonly isStatic: boolean
}

type Stage = 'unknown' | 'waiting' | 'running' | 'stopped'

/** The pod's phase (upstream kubelet_pods.go getPhase). */
export function podPhase(input: PhaseInput): PodPhase {
  const { pod, statuses, initialized } = input
  const init = (pod.spec?.initContainers ?? []).filter(container => !isSidecar(container))
  const sidecars = sidecarsOf(pod.spec)
  if (init.some(container => endedForGood(pod, container, statuses.get(container.name)))) return 'Failed'
  const apps = (pod.spec?.containers ?? []).map(container => stageOf(statuses.get(container.name)))
  const beside = sidecars.map(container => stageOf(statuses.get(container.name)))
  const pendingInit = init.some(container => isPending(statuses.get(container.name)))
  const pendingSidecar = sidecars.some(container => {
    const status = statuses.get(container.name)
    const stage = stageOf(status)
    return stage === 'waiting' || (stage === 'running' && !status?.started)
  })
  if (pendingInit || (pendingSidecar && !initialized)) return 'Pending'
  if (apps.includes('waiting') || beside.includes('waiting')) return 'Pending'
  if (apps.includes('unknown') || beside.includes('unknown')) return 'Pending'
  if (apps.includes('running') || beside.includes('running')) return 'Running'
  return apps.includes('stopped') ? stoppedPhase(input) : 'Pending'
}

function stoppedPhase({ pod, statuses, terminal, isStatic }: PhaseInput): PodPhase {
  const containers = pod.spec?.containers ?? []
  const exits = containers.map(container => ({
    container,
    exitCode: lastExit(statuses.get(container.name)) ?? 0,
  }))
  const failed = exits.some(({ exitCode }) => exitCode !== 0)
  if (terminal && !isStatic) return failed ? 'Failed' : 'Succeeded'
  if (exits.some(({ container, exitCode }) => shouldRestart(container, pod, exitCode))) return 'Running'
  return failed ? 'Failed' : 'Succeeded'
}

/** Waiting for a restart counts as stopped: the pod has run. */
function stageOf(status: ContainerStatus | undefined): Stage {
  if (status?.state?.running) return 'running'
  if (status?.state?.terminated) return 'stopped'
  if (!status?.state?.waiting) return 'unknown'
  return status.lastState?.terminated ? 'stopped' : 'waiting'
}

function lastExit(status: ContainerStatus | undefined): number | undefined {
  return status?.state?.terminated?.exitCode ?? status?.lastState?.terminated?.exitCode
}

function isPending(status: ContainerStatus | undefined): boolean {
  const stage = stageOf(status)
  return stage !== 'stopped'
}

function endedForGood(pod: Pod, container: Container, status: ContainerStatus | undefined): boolean {
  if (stageOf(status) !== 'stopped') return false
  const exitCode = lastExit(status) ?? 0
  return exitCode !== 0 && !shouldRestart(container, pod, exitCode)
}
