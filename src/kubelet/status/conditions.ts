import { isSidecar, sidecarsOf } from '../../api/core/pod/lifecycle.ts'
import type { ContainerStatus, Pod, PodCondition } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { ResizeState } from '../pod/resize-state.ts'
import type { PodPhase } from './phase.ts'

/** Conditions that the kubelet owns, in the order in which it writes them. */
const ownTypes = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled']
/** Conditions that the kubelet shows only while they hold. */
export const passingTypes: readonly string[] = ['PodResizePending', 'PodResizeInProgress']

export interface ConditionInput {
  readonly pod: Pod
  readonly phase: PodPhase
  readonly statuses: ReadonlyMap<string, ContainerStatus>
  readonly sandboxReady: boolean
  readonly old: readonly PodCondition[]
  readonly nowMs: number
  readonly resize?: Pick<ResizeState, 'pending' | 'started'>
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>

/** The pod's conditions (upstream status/generate.go); those that others own are kept as they are. */
export function podConditions(input: ConditionInput): PodCondition[] {
  const { pod, old } = input
  const foreign = (pod.status?.conditions ?? []).filter(
    ({ type }) => !ownTypes.includes(type) && !passingTypes.includes(type),
  )
  const containersReady = containersReadyVerdict(input)
  const verdicts: Record<string, Verdict> = {
    PodReadyToStartContainers: { status: input.sandboxReady ? 'True' : 'False' },
    Initialized: initializedVerdict(input),
    Ready: readyVerdict(pod, containersReady, foreign),
    ContainersReady: containersReady,
    PodScheduled: { status: 'True' },
  }
  const own = ownTypes.map(type => {
    const before = old.find(condition => condition.type === type)
    return toCondition(input, { type, verdict: verdicts[type]!, before })
  })
  return [...foreign, ...resizeConditions(input), ...own]
}

/** What waits to be granted, and what was granted and is not in force yet (KEP-1287). */
function resizeConditions(input: ConditionInput): PodCondition[] {
  const { pending, started } = input.resize ?? {}
  const error = started?.error && { reason: 'Error', message: started.error.message }
  const present: [string, { generation?: number; reason?: string; message?: string } | undefined][] = [
    ['PodResizePending', pending],
    ['PodResizeInProgress', started && { generation: started.generation, ...error }],
  ]
  return present.flatMap(([type, now]) => {
    if (!now) return []
    const { generation, reason, message } = now
    const before = input.old.find(condition => condition.type === type)
    const kept = before?.reason === reason ? before?.lastTransitionTime : undefined
    return {
      ...{ type, status: 'True', lastTransitionTime: kept ?? toTimestamp(input.nowMs) },
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
    }
  })
}

function toCondition(
  { pod, nowMs }: ConditionInput,
  { type, verdict, before }: { type: string; verdict: Verdict; before: PodCondition | undefined },
): PodCondition {
  const kept = before?.status === verdict.status ? before.lastTransitionTime : undefined
  const { generation } = pod.metadata
  return {
    type,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    status: verdict.status,
    lastTransitionTime: kept ?? toTimestamp(nowMs),
    ...(verdict.reason ? { reason: verdict.reason } : {}),
    ...(verdict.message ? { message: verdict.message } : {}),
  }
}

function containersReadyVerdict({ pod, phase, statuses }: ConditionInput): Verdict {
  const sidecars = sidecarsOf(pod.spec)
  const names = [...sidecars, ...(pod.spec?.containers ?? [])].map(container => container.name)
  const unknown = names.filter(name => !statuses.has(name))
  const unready = names.filter(name => statuses.get(name)?.ready === false)
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const message = joinMessages([
    ['containers with unknown status', unknown],
    ['containers with unready status', unready],
  ])
  return message ? { status: 'False', reason: 'ContainersNotReady', message } : { status: 'True' }
}

function readyVerdict(pod: Pod, containersReady: Verdict, conditions: readonly PodCondition[]): Verdict {
  if (containersReady.status !== 'True') return containersReady
  const messages: string[] = []
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const found = findCondition(conditions, conditionType)
    if (!found)
      messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    else if (found.status !== 'True')
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`)
  }
  if (messages.length === 0) return { status: 'True' }
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') }
}

function initializedVerdict({ pod, phase, statuses }: ConditionInput): Verdict {
  const init = pod.spec?.initContainers ?? []
  const unknown = init.filter(container => !statuses.has(container.name)).map(container => container.name)
  const incomplete = init
    .filter(container => {
      const status = statuses.get(container.name)
      return status && !(isSidecar(container) ? status.started : status.ready)
    })
    .map(container => container.name)
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' }
  const started = pod.spec?.containers.some(container => {
    const status = statuses.get(container.name)
    return (
      status?.state?.running || status?.state?.terminated || status?.lastState?.terminated || status?.started
    )
  })
  if (started) return { status: 'True' }
  const message = joinMessages([
    ['containers with unknown status', unknown],
    ['containers with incomplete status', incomplete],
  ])
  return message ? { status: 'False', reason: 'ContainersNotInitialized', message } : { status: 'True' }
}

/** Lists of names look as Go prints them: `[a b]`. */
function joinMessages(parts: readonly (readonly [text: string, names: readonly string[]])[]): string {
  return parts
    .filter(([, names]) => names.length > 0)
    .map(([text, names]) => `${text}: [${names.join(' ')}]`)
    .join(', ')
}
