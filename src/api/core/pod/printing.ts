/** Cells of `kubectl get pods` (pkg/printers/internalversion printPod). */

import { isConditionTrue } from '../../../machinery/meta/conditions.ts'
import type { JsonObject } from '../../../machinery/meta/object.ts'
import { none, since } from '../../../machinery/table/cells.ts'
import type { ContainerState, ContainerStatus, Pod } from '../../types/core-v1.gen.ts'
import { sidecarsOf } from './lifecycle.ts'

interface Summary {
  readonly ready: number
  readonly total: number
  readonly restarts: number
  /** Epoch milliseconds of the last restart, 0 when there was none. */
  readonly lastRestartMs: number
  readonly reason: string
}

/** One state of the walk over container statuses. */
interface Walk {
  ready: number
  restarts: number
  lastRestartMs: number
  reason: string
}

/** The `READY`, `STATUS` and `RESTARTS` cells in one pass. */
export function summarizePod(pod: Pod): Summary {
  const { status = {}, spec } = pod
  const sidecars = new Set(sidecarsOf(spec).map(({ name }) => name))
  const walk: Walk = { ready: 0, restarts: 0, lastRestartMs: 0, reason: initialReason(pod) }
  const sidecarWalk: Walk = { ready: 0, restarts: 0, lastRestartMs: 0, reason: '' }
  const initializing = walkInitContainers(pod, sidecars, walk, sidecarWalk)
  const initialized = isConditionTrue(status.conditions, 'Initialized')
  if (!initializing || initialized) {
    walk.restarts = sidecarWalk.restarts
    walk.lastRestartMs = sidecarWalk.lastRestartMs
    walkContainers(pod, walk)
  }
  return {
    ...walk,
    reason: deletionReason(pod) ?? walk.reason,
    total: (spec?.containers?.length ?? 0) + sidecars.size,
  }
}

function initialReason({ status = {} }: Pod): string {
  const gated = status.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  )
  return gated ? 'SchedulingGated' : status.reason || (status.phase ?? '')
}

function deletionReason({ metadata, status = {} }: Pod): string | undefined {
  if (!metadata.deletionTimestamp) return undefined
  if (status.reason === 'NodeLost') return 'Unknown'
  return status.phase === 'Failed' || status.phase === 'Succeeded' ? undefined : 'Terminating'
}

/** Stops at the first init container that is not through; true when there is one. */
function walkInitContainers(pod: Pod, sidecars: ReadonlySet<string>, walk: Walk, sidecarWalk: Walk): boolean {
  const statuses = pod.status?.initContainerStatuses ?? []
  for (const [index, container] of statuses.entries()) {
    countRestarts(container, walk)
    const isSidecar = sidecars.has(container.name)
    if (isSidecar) countRestarts(container, sidecarWalk)
    if (container.state?.terminated?.exitCode === 0) continue
    if (isSidecar && container.started) {
      if (container.ready) walk.ready++
      continue
    }
    walk.reason = initReason(container.state ?? {}, `${index}/${pod.spec?.initContainers?.length ?? 0}`)
    return true
  }
  return false
}

function initReason({ terminated, waiting }: ContainerState, progress: string): string {
  if (terminated) return `Init:${terminatedReason(terminated)}`
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`
  return `Init:${progress}`
}

function terminatedReason(terminated: NonNullable<ContainerState['terminated']>): string {
  if (terminated.reason) return terminated.reason
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`
}

function walkContainers(pod: Pod, walk: Walk): void {
  let running = false
  let failure = ''
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    countRestarts(container, walk)
    const { waiting, terminated, running: isRunning } = container.state ?? {}
    if (waiting?.reason) walk.reason = waiting.reason
    else if (terminated) {
      walk.reason = terminatedReason(terminated)
      if (terminated.exitCode !== 0) failure = walk.reason
    } else if (container.ready && isRunning) {
      running = true
      walk.ready++
    }
  }
  if (walk.reason !== 'Completed') return
  const isReady = isConditionTrue(pod.status?.conditions, 'Ready')
  if (running && isReady) walk.reason = 'Running'
  else if (failure) walk.reason = failure
  else if (running) walk.reason = 'NotReady'
}

function countRestarts(container: ContainerStatus, walk: Walk): void {
  walk.restarts += container.restartCount ?? 0
  const finishedAt = container.lastState?.terminated?.finishedAt
  if (finishedAt) walk.lastRestartMs = Math.max(walk.lastRestartMs, Date.parse(finishedAt))
}

function restartsCell(pod: Pod, nowMs: number): string {
  const { restarts, lastRestartMs } = summarizePod(pod)
  if (restarts === 0 || lastRestartMs === 0) return String(restarts)
  return `${restarts} (${since(new Date(lastRestartMs).toISOString(), nowMs)} ago)`
}

function readinessGatesCell({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? []
  if (gates.length === 0) return none
  const holds = (gate: string) => isConditionTrue(status?.conditions, gate)
  return `${gates.filter(({ conditionType }) => holds(conditionType)).length}/${gates.length}`
}

export const podCells = {
  Ready(pod: Pod) {
    const { ready, total } = summarizePod(pod)
    return `${ready}/${total}`
  },
  Status: (pod: Pod) => summarizePod(pod).reason,
  Restarts: restartsCell,
  IP: (pod: Pod) => pod.status?.podIPs?.[0]?.ip || none,
  Node: (pod: Pod) => pod.spec?.nodeName || none,
  'Nominated Node': (pod: Pod) => pod.status?.nominatedNodeName || none,
  'Readiness Gates': readinessGatesCell,
}

/** Marks rows of finished pods, which kubectl hides from watches that wait for readiness. */
export function podRowConditions(pod: Pod): readonly JsonObject[] {
  const phase = pod.status?.phase
  if (phase !== 'Succeeded' && phase !== 'Failed') return []
  const message = phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.'
  return [{ type: 'Completed', status: 'True', reason: phase, message }]
}
