import type { ContainerStatus, Pod, PodStatus } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { PodPlan } from '../pod/draft.ts'
import { currentSandbox, type PodView } from '../pod/view.ts'
import type { ObservedContainer } from '../runtime/runtime.ts'
import { podConditions } from './conditions.ts'
import { containerStatuses } from './container-status.ts'
import { type PodPhase, podPhase } from './phase.ts'
import { qosClass } from './qos.ts'

export interface PodStatusInput {
  readonly view: PodView
  readonly plan: PodPlan
  /** The last status computed for this pod, or the API server's. */
  readonly old: PodStatus
  readonly startedAtMs: number
  /** Of the sandbox; undefined until it is wired up, and for pods on the host's network. */
  readonly podIps: readonly string[] | undefined
  readonly hostIps: readonly string[]
  readonly terminationMessage: (container: ObservedContainer) => string | undefined
  readonly runtimeName: string
}

/** The whole status that the kubelet reports of a pod (upstream generateAPIPodStatus). */
export function podStatus(input: PodStatusInput): PodStatus {
  const { view, plan, old } = input
  const { pod, ending } = view
  const shared = {
    view,
    waiting: plan.waiting,
    terminationMessage: input.terminationMessage,
    runtimeName: input.runtimeName,
  }
  const init = containerStatuses({ ...shared, old: byName(old.initContainerStatuses) }, pod, 'init')
  const apps = containerStatuses({ ...shared, old: byName(old.containerStatuses) }, pod, 'app')
  const debug = containerStatuses(
    { ...shared, old: byName(old.ephemeralContainerStatuses) },
    pod,
    'ephemeral',
  )
  const statuses = byName([...init, ...apps])
  const phase = settledPhase(input, statuses)
  const reasons = endReasons(input, phase)
  const conditions = podConditions({
    pod,
    phase,
    statuses,
    sandboxReady:
      currentSandbox(view.observed) !== undefined && (isHostNetwork(pod) || input.podIps !== undefined),
    old: old.conditions ?? pod.status?.conditions ?? [],
    nowMs: view.nowMs,
    resize: view.resize,
  })
  return {
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions,
    ...(ending?.cause === 'deadline' || ending?.cause === 'evicted'
      ? { message: ending.message, reason: ending.reason }
      : reasons),
    ...addresses(input),
    startTime: pod.status?.startTime ?? old.startTime ?? toTimestamp(input.startedAtMs),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: apps,
    qosClass: qosClass(pod),
    ...(debug.length > 0 ? { ephemeralContainerStatuses: debug } : {}),
  }
}

/** A terminal phase is never left (upstream kubelet_pods.go). */
function settledPhase(
  { view, plan, old }: PodStatusInput,
  statuses: ReadonlyMap<string, ContainerStatus>,
): PodPhase {
  const { pod, ending } = view
  if (ending?.cause === 'deadline' || ending?.cause === 'evicted') return 'Failed'
  const terminal = [pod.status?.phase, old.phase].find(phase => phase === 'Succeeded' || phase === 'Failed')
  if (terminal) return terminal as PodPhase
  const initialized = (pod.spec?.containers ?? []).some(container => {
    const status = statuses.get(container.name)
    return status?.state?.running !== undefined || status?.state?.terminated !== undefined
  })
  const isStatic = pod.metadata.annotations?.['kubernetes.io/config.source'] === 'file'
  const phase = podPhase({ pod, statuses, terminal: plan.ended, initialized, isStatic })
  // What was ended before it could run counts as failed (upstream status manager TerminatePod).
  return plan.ended && !isStatic && (phase === 'Pending' || phase === 'Running') ? 'Failed' : phase
}

function endReasons({ view, old }: PodStatusInput, phase: PodPhase): { reason?: string; message?: string } {
  if (phase !== old.phase) return {}
  const reason = old.reason ?? view.pod.status?.reason
  const message = old.message ?? view.pod.status?.message
  return { ...(reason ? { reason } : {}), ...(message ? { message } : {}) }
}

function addresses({ view, old, podIps, hostIps }: PodStatusInput): Partial<PodStatus> {
  const hosts = hostIps.length > 0 ? { hostIP: hostIps[0], hostIPs: hostIps.map(ip => ({ ip })) } : {}
  const ips = isHostNetwork(view.pod) ? hostIps : podIps
  // Addresses of a pod whose sandbox is gone stay shown until a new sandbox has others.
  if (!ips || ips.length === 0)
    return { ...hosts, ...(old.podIP ? { podIP: old.podIP, podIPs: old.podIPs } : {}) }
  if (isHostNetwork(view.pod) && !currentSandbox(view.observed) && !old.podIP) return hosts
  return { ...hosts, podIP: ips[0], podIPs: ips.map(ip => ({ ip })) }
}

function isHostNetwork(pod: Pod): boolean {
  return pod.spec?.hostNetwork === true
}

function byName(statuses: readonly ContainerStatus[] | undefined): Map<string, ContainerStatus> {
  return new Map((statuses ?? []).map(status => [status.name, status]))
}
