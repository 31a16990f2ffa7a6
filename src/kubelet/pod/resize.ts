import type { Container, Pod, ResourceRequirements } from '../../api/types/core-v1.gen.ts'
import { messageOf } from '../../std/message.ts'
import type { Observed, ObservedContainer } from '../runtime/runtime.ts'
import type { ActionContext } from './action-context.ts'
import { changedResources, isResizePending, resizableContainers, withAllocation } from './allocation.ts'
import { type Draft, type PodAction, wakeAt } from './draft.ts'
import type { PodEnvironment } from './environment.ts'
import type { PodState } from './pod-state.ts'
import type { ResizeRefusal, ResizeState } from './resize-state.ts'
import { newestContainer } from './view.ts'

const retryMs = 10_000

/**
 * Takes the pod as its source has it now and grants what `judge` does not refuse. True when something was
 * granted (upstream pkg/kubelet/allocation handlePodResourcesResize).
 */
export function reviewResize(
  env: Pick<PodEnvironment, 'events'>,
  state: PodState,
  judge: (pod: Pod) => ResizeRefusal | undefined,
): boolean {
  const { resize } = state
  const { desired } = resize
  const refusal = isResizePending(desired, resize.allocation) ? judge(desired) : undefined
  const granted = refusal === undefined && isResizePending(desired, resize.allocation)
  if (refusal) notePending(env, resize, refusal)
  else resize.pending = undefined
  if (granted) {
    resize.allocation = new Map(resizableContainers(desired).map(c => [c.name, c.resources ?? {}]))
    resize.started = { generation: desired.metadata.generation }
    env.events(
      { pod: desired },
      { reason: 'ResizeStarted', message: `Pod resize started: ${summary(desired)}` },
    )
  }
  state.pod = withAllocation(desired, resize.allocation)
  return granted
}

function notePending(env: Pick<PodEnvironment, 'events'>, resize: ResizeState, refusal: ResizeRefusal): void {
  const { desired, pending } = resize
  const { generation } = desired.metadata
  resize.pending = { ...refusal, generation }
  if (pending?.reason === refusal.reason && pending.generation === generation) return
  const message = `Pod resize ${refusal.reason}: ${summary(desired, refusal.message)}`
  env.events({ pod: desired }, { type: 'Warning', reason: `Resize${refusal.reason}`, message })
}

/** The JSON that upstream's resize events carry (pkg/kubelet/events/resize.go). */
function summary({ metadata, spec }: Pod, error?: string): string {
  const shown = (list: readonly Container[] | undefined) =>
    list?.map(({ name, resources }) => ({ name, resources: resources ?? {} }))
  return JSON.stringify({
    ...(spec?.initContainers?.length ? { initContainers: shown(spec.initContainers) } : {}),
    containers: shown(spec?.containers),
    generation: metadata.generation ?? 0,
    ...(error ? { error } : {}),
  })
}

/** Ends a resize whose every container runs with what was granted. */
export function settleResize(env: Pick<PodEnvironment, 'events'>, state: PodState, observed: Observed): void {
  const { pod, resize } = state
  if (!resize.started) return
  const unsettled = resizableContainers(pod).some(container => {
    const newest = newestContainer(observed, container.name)
    return newest?.state !== 'running' || changesOf(resize, container, newest).length > 0
  })
  if (unsettled) return
  const { generation } = resize.started
  resize.started = undefined
  const shown = { ...pod, metadata: { ...pod.metadata, generation } }
  env.events({ pod }, { reason: 'ResizeCompleted', message: `Pod resize completed: ${summary(shown)}` })
}

/** What a running container has. */
export function actuatedResources(
  resize: ResizeState,
  container: ObservedContainer,
): ResourceRequirements | undefined {
  return resize.actuated.get(container.id) ?? resize.atStart.get(container.name)
}

function changesOf(resize: ResizeState, container: Container, running: ObservedContainer) {
  return changedResources(actuatedResources(resize, running) ?? {}, container.resources ?? {})
}

/** What a granted resize asks of a running container: nothing, an update in place, or a restart. */
export function planResize(
  draft: Draft,
  container: Container,
  running: ObservedContainer,
): 'keep' | 'restart' {
  const { resize, nowMs } = draft.view
  const changes = resize ? changesOf(resize, container, running) : []
  if (!resize || changes.length === 0) return 'keep'
  const restart = container.resizePolicy?.some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === 'RestartContainer' && changes.some(name => name === resourceName),
  )
  if (restart) return 'restart'
  const retryAtMs = resize.started?.error?.retryAtMs ?? 0
  if (nowMs < retryAtMs) wakeAt(draft, retryAtMs)
  else draft.actions.push({ do: 'resize', container, running })
  return 'keep'
}

/** Tells the engine. A limit below what is in use would kill the container, so it is refused and tried again later. */
export async function resizeContainer(
  { env, state, view }: ActionContext,
  { container, running }: Extract<PodAction, { do: 'resize' }>,
): Promise<void> {
  const { resize, pod } = state
  try {
    const resources = env.specs.resources(pod, container)
    await checkMemoryInUse(env, running, resources.memoryLimitBytes)
    await env.runtime.containers.updateResources(running.id, resources)
    resize.actuated.set(running.id, container.resources ?? {})
  } catch (error) {
    const message = messageOf(error)
    const before = resize.started
    resize.started = {
      generation: before?.generation ?? pod.metadata.generation,
      error: { message, retryAtMs: view.nowMs + retryMs },
    }
    if (before?.error?.message === message) return
    const text = `Pod resize error: ${summary(pod, message)}`
    env.events({ pod }, { type: 'Warning', reason: 'ResizeError', message: text })
  }
}

async function checkMemoryInUse(
  env: PodEnvironment,
  running: ObservedContainer,
  limitBytes: number | undefined,
): Promise<void> {
  if (limitBytes === undefined) return
  const usage = (await env.runtime.containers.stats()).find(({ id }) => id === running.id)
  if (!usage || usage.memoryBytes < limitBytes) return
  const what = `attempting to set container "${running.name}" memory limit (${limitBytes}) below current usage (${usage.memoryBytes})`
  throw new Error(`cannot decrease memory limits: ${what}`)
}
