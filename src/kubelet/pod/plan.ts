import { isSidecar } from '../../api/core/pod/lifecycle.ts'
import type { Container } from '../../api/types/core-v1.gen.ts'
import type { ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts'
import { backoffEndMs, formatSeconds } from './backoff.ts'
import { type Draft, kill, type PodPlan, podFullName, wakeAt } from './draft.ts'
import { planEnding } from './plan-ending.ts'
import { planResize } from './resize.ts'
import { shouldRestart } from './restart.ts'
import {
  containersNamed,
  currentSandbox,
  newestContainer,
  newestSandbox,
  type PodView,
  type Role,
  rolesOf,
} from './view.ts'

/**
 * What to do next about a pod (upstream kuberuntime computePodActions): a sandbox first, then init containers
 * one after the other, sidecars among them, then all others. Called again after every change, it needs no memory.
 */
export function planPod(view: PodView): PodPlan {
  const draft: Draft = {
    view,
    actions: [],
    waiting: new Map(),
    wakeAtMs: undefined,
    completed: false,
    ended: false,
  }
  if (view.ending) planEnding(draft, view.ending)
  else planRunning(draft)
  planCleanup(draft)
  return draft
}

function planRunning(draft: Draft): void {
  const { pod, observed } = draft.view
  const sandbox = currentSandbox(observed)
  if (!sandbox) return planSandbox(draft)
  if (!killStrays(draft, sandbox)) return
  if (planInit(draft, sandbox)) {
    for (const container of pod.spec?.containers ?? [])
      planContainer(draft, sandbox, { container, role: 'app' })
    draft.completed = isCompleted(draft)
  }
  for (const container of pod.spec?.ephemeralContainers ?? [])
    if (!newestContainer(observed, container.name)) tryStart(draft, { container, role: 'ephemeral', sandbox })
}

/** Containers outlive their sandbox only by accident; they end before a new one is made. False while any runs. */
function killStrays(draft: Draft, sandbox: ObservedSandbox | undefined): boolean {
  const { pod, observed } = draft.view
  const strays = observed.containers.filter(c => c.state === 'running' && c.sandboxId !== sandbox?.id)
  const graceSeconds = Number(pod.spec?.terminationGracePeriodSeconds ?? 30)
  for (const container of strays)
    kill(draft, container, graceSeconds, 'Pod sandbox changed, it will be killed and re-created.')
  return strays.length === 0
}

function planSandbox(draft: Draft): void {
  const { pod, observed } = draft.view
  if (!killStrays(draft, undefined)) return
  const newest = newestSandbox(observed)
  const mayStart = [...rolesOf(pod)].some(({ container, role }) => {
    if (role !== 'app') return false
    const last = newestContainer(observed, container.name)
    return last?.state !== 'exited' || shouldRestart(container, pod, last.exitCode ?? 0)
  })
  if (newest && (!mayStart || initFailed(draft))) draft.completed = true
  else draft.actions.push({ do: 'createSandbox', attempt: newest ? newest.attempt + 1 : 0 })
}

function initFailed({ view: { pod, observed } }: Draft): boolean {
  return (pod.spec?.initContainers ?? []).some(container => {
    const last = newestContainer(observed, container.name)
    return (
      !isSidecar(container) &&
      last?.state === 'exited' &&
      last.exitCode !== 0 &&
      !shouldRestart(container, pod, last.exitCode ?? 0)
    )
  })
}

/** True once application containers may start. Init containers count only in the present sandbox. */
function planInit(draft: Draft, sandbox: ObservedSandbox): boolean {
  const { pod, observed, probe } = draft.view
  const here = (name: string) => containersNamed(observed, name).find(c => c.sandboxId === sandbox.id)
  const initialized = pod.spec?.containers.some(container => here(container.name)) ?? false
  for (const container of pod.spec?.initContainers ?? []) {
    const last = here(container.name)
    if (isSidecar(container)) {
      planContainer(draft, sandbox, { container, role: 'sidecar' })
      if (!initialized && !(last?.state === 'running' && probe(last).started)) return false
    } else if (!initialized && !(last?.state === 'exited' && last.exitCode === 0)) {
      planInitContainer(draft, sandbox, container)
      return false
    }
  }
  return true
}

function planInitContainer(draft: Draft, sandbox: ObservedSandbox, container: Container): void {
  const { pod, observed } = draft.view
  const last = containersNamed(observed, container.name).find(c => c.sandboxId === sandbox.id)
  if (last?.state === 'running') return
  if (last?.state === 'exited' && !shouldRestart(container, pod, last.exitCode ?? 0)) {
    draft.completed = true
    return
  }
  tryStart(draft, { container, role: 'init', sandbox })
}

function planContainer(
  draft: Draft,
  sandbox: ObservedSandbox,
  { container, role }: { container: Container; role: Role },
): void {
  const { pod, observed, probe } = draft.view
  const last = newestContainer(observed, container.name)
  if (last?.state === 'running') {
    const message = reasonToKill(draft, container, last)
    const restarts =
      role === 'sidecar' || last.image !== container.image || shouldRestart(container, pod, 137)
    if (message)
      kill(
        draft,
        last,
        Number(probe(last).failed?.graceSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30),
        restarts ? `${message}, will be restarted` : message,
      )
    return
  }
  const again =
    last?.state !== 'exited' || role === 'sidecar' || shouldRestart(container, pod, last.exitCode ?? 0)
  if (again) tryStart(draft, { container, role, sandbox })
}

function reasonToKill(draft: Draft, container: Container, running: ObservedContainer): string | undefined {
  if (running.image !== container.image) return `Container ${container.name} definition changed`
  const { failed } = draft.view.probe(running)
  if (failed) return `Container ${container.name} failed ${failed.probe} probe`
  const resized = planResize(draft, container, running)
  return resized === 'restart' ? `Container ${container.name} resize requires restart` : undefined
}

interface Start {
  readonly container: Container
  readonly role: Role
  readonly sandbox: ObservedSandbox
}

/** Starts a container unless its last failure or its back-off asks to wait. */
function tryStart(draft: Draft, start: Start): void {
  const { pod, observed, nowMs, failures, crashes } = draft.view
  const { name } = start.container
  const failure = failures.get(name)
  const last = newestContainer(observed, name)
  const delay = last?.state === 'exited' ? backoffEndMs(crashes.get(name), last.finishedAtMs ?? nowMs) : nowMs
  if (failure && nowMs < failure.retryAtMs) {
    draft.waiting.set(name, failure)
    return wakeAt(draft, failure.retryAtMs)
  }
  if (nowMs < delay) {
    const shown = formatSeconds(crashes.get(name)?.delayMs ?? 0)
    const message = `back-off ${shown} restarting failed container=${name} pod=${podFullName(pod)}(${pod.metadata.uid})`
    draft.waiting.set(name, { reason: 'CrashLoopBackOff', message })
    return wakeAt(draft, delay)
  }
  if (last?.state === 'created') draft.actions.push({ do: 'remove', id: last.id })
  const attempt = Math.max(
    last ? last.attempt + 1 : 0,
    failure?.attempt === undefined ? 0 : failure.attempt + 1,
  )
  draft.actions.push({ do: 'start', ...start, attempt })
}

function isCompleted({ view: { pod, observed } }: Draft): boolean {
  return (pod.spec?.containers ?? []).every(container => {
    const last = newestContainer(observed, container.name)
    return last?.state === 'exited' && !shouldRestart(container, pod, last.exitCode ?? 0)
  })
}

/** Keeps of each name the present container and the one before it, and of the sandboxes the newest. */
function planCleanup({ view: { observed }, actions }: Draft): void {
  const kept = new Set<string>()
  for (const name of new Set(observed.containers.map(c => c.name))) {
    for (const [rank, container] of containersNamed(observed, name).entries()) {
      if (rank < 2 || container.state === 'running') kept.add(container.sandboxId)
      else actions.push({ do: 'remove', id: container.id })
    }
  }
  const newest = newestSandbox(observed)
  for (const sandbox of observed.sandboxes) {
    if (sandbox === newest || kept.has(sandbox.id)) continue
    if (sandbox.ready) actions.push({ do: 'stopSandbox', sandbox })
    actions.push({ do: 'removeSandbox', sandbox })
  }
}
