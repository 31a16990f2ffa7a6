import type { Container } from '../../api/types/core-v1.gen.ts'
import { messageOf } from '../../std/message.ts'
import { type ObservedSandbox, StartRefused } from '../runtime/runtime.ts'
import type { ActionContext } from './action-context.ts'
import { nextBackoff } from './backoff.ts'
import type { PodAction } from './draft.ts'
import type { PodEnvironment } from './environment.ts'
import { killContainer } from './kill.ts'
import type { PodState } from './pod-state.ts'
import { resizeContainer } from './resize.ts'
import { StartError, startRetryMs } from './start-error.ts'
import { newestContainer } from './view.ts'

/** Does one step of a plan. Rejects when the whole pod has to wait; a container that fails to start only notes it. */
export async function perform(context: ActionContext, action: PodAction): Promise<void> {
  const { env, state } = context
  switch (action.do) {
    case 'createSandbox':
      return createSandbox(context, action.attempt)
    case 'start':
      return start(context, action)
    case 'kill':
      return killContainer(context, action)
    case 'resize':
      return resizeContainer(context, action)
    case 'remove':
      return env.runtime.containers.remove(action.id)
    case 'stopSandbox':
      await teardownNetwork(env, action.sandbox)
      if (state.network?.sandboxId === action.sandbox.id) state.network = undefined
      return env.runtime.containers.stop(action.sandbox.id, 0)
    case 'removeSandbox':
      if (!action.sandbox.ready) await teardownNetwork(env, action.sandbox)
      return env.runtime.containers.remove(action.sandbox.id)
  }
}

/** Volumes first, so that a pod whose volumes are missing holds no address (upstream syncPod). */
async function createSandbox({ env, state, signal }: ActionContext, attempt: number): Promise<void> {
  const { pod } = state
  await prepareVolumes(env, state, signal)
  const notReady = pod.spec?.hostNetwork ? undefined : env.network.notReady()
  if (notReady) {
    const message = `network is not ready: ${notReady}`
    env.events({ pod }, { type: 'Warning', reason: 'NetworkNotReady', message })
    throw new Error(message)
  }
  if (attempt > 0)
    env.events(
      { pod },
      { reason: 'SandboxChanged', message: 'Pod sandbox changed, it will be killed and re-created.' },
    )
  const { meter, ports } = env
  const startMs = ports.clock.monotonicMs()
  const done = (isUp: boolean) => meter.sandboxDone(ports.clock.monotonicMs() - startMs, isUp)
  meter.sandboxStarting()
  try {
    const id = await env.runtime.containers.createSandbox(env.specs.sandbox(pod, attempt))
    await connect(env, state, id)
    done(true)
  } catch (error) {
    done(false)
    const message = `Failed to create pod sandbox: ${messageOf(error)}`
    env.events({ pod }, { type: 'Warning', reason: 'FailedCreatePodSandBox', message })
    throw error
  }
}

export async function prepareVolumes(
  env: PodEnvironment,
  state: PodState,
  signal: AbortSignal,
): Promise<void> {
  try {
    state.volumes = await env.volumes.setUp(state.pod, signal)
  } catch (error) {
    env.events({ pod: state.pod }, { type: 'Warning', reason: 'FailedMount', message: messageOf(error) })
    throw error
  }
}

/** Wires the sandbox up. A sandbox that cannot be wired up is removed, or nothing would ever run in it. */
export async function connect(env: PodEnvironment, state: PodState, sandboxId: string): Promise<void> {
  const { pod } = state
  if (pod.spec?.hostNetwork) {
    state.network = { sandboxId, ips: env.config.nodeIps }
    return
  }
  const { sandboxes } = await env.runtime.containers.list(pod.metadata.uid)
  const sandbox = sandboxes.find(({ id }) => id === sandboxId)
  if (!sandbox?.ready) throw new Error(`sandbox ${sandboxId} ended right after its start`)
  try {
    const { ips } = await env.network.setup(namespaceOf(sandbox), pod)
    state.network = { sandboxId, ips }
  } catch (error) {
    await env.runtime.containers.remove(sandboxId)
    throw new Error(`failed to setup network for sandbox "${sandboxId}": ${messageOf(error)}`)
  }
}

async function teardownNetwork(env: PodEnvironment, sandbox: ObservedSandbox): Promise<void> {
  await env.network.teardown(namespaceOf(sandbox))
}

function namespaceOf({ id, pod, pid }: ObservedSandbox) {
  return { sandboxId: id, podUid: pod.uid, pid, path: pid === undefined ? undefined : `/proc/${pid}/ns/net` }
}

type StartAction = Extract<PodAction, { do: 'start' }>

async function start(context: ActionContext, action: StartAction): Promise<void> {
  const { env, state, view } = context
  const { container, role } = action
  noteRestart(context, container)
  env.meter.containerStarting(role)
  try {
    const id = await startContainer(context, action)
    state.failures.delete(container.name)
    if (container.lifecycle?.postStart) await runPostStart(context, action, id)
  } catch (error) {
    const known = error instanceof StartError
    const reason = known ? error.reason : 'RunContainerError'
    env.meter.containerFailed(role, reason)
    const retryAtMs = view.nowMs + (known ? error.retryAfterMs : startRetryMs)
    state.failures.set(container.name, {
      reason,
      message: messageOf(error),
      retryAtMs: Math.max(retryAtMs, env.ports.clock.nowMs() + 1),
    })
  }
}

/** A start after an end lengthens the next wait. */
function noteRestart({ state, view }: ActionContext, { name }: Container): void {
  const last = newestContainer(view.observed, name)
  if (last?.state !== 'exited') return
  const finishedAtMs = last.finishedAtMs ?? view.nowMs
  state.crashes.set(name, nextBackoff(state.crashes.get(name), finishedAtMs, view.nowMs))
}

async function startContainer({ env, state }: ActionContext, action: StartAction): Promise<string> {
  const { pod } = state
  const { container, attempt, sandbox } = action
  const note = (reason: string, message: string, type?: 'Warning') =>
    env.events({ pod, container }, { type, reason, message })
  const image = await env.pullImage(pod, container)
  const spec = await env.specs
    .container({
      pod,
      container,
      attempt,
      sandboxId: sandbox.id,
      image,
      volumes: state.volumes ?? new Map(),
      podIps: state.network?.ips ?? [],
    })
    .catch(error => {
      note('Failed', `Error: ${messageOf(error)}`, 'Warning')
      throw error instanceof StartError
        ? error
        : new StartError('CreateContainerConfigError', messageOf(error))
    })
  const id = await env.runtime.containers.createContainer(spec).catch(error => {
    note('Failed', `Error: ${messageOf(error)}`, 'Warning')
    throw new StartError('CreateContainerError', messageOf(error))
  })
  note('Created', 'Container created')
  try {
    await env.runtime.containers.start(id)
  } catch (error) {
    note('Failed', `Error: ${messageOf(error)}`, 'Warning')
    // It has ended then, and the back-off of what has ended holds.
    const retryAfterMs = error instanceof StartRefused ? 0 : undefined
    throw new StartError('RunContainerError', messageOf(error), retryAfterMs)
  }
  note('Started', 'Container started')
  state.resize.actuated.set(id, container.resources ?? {})
  return id
}

async function runPostStart(
  { env, state }: ActionContext,
  { container }: StartAction,
  containerId: string,
): Promise<void> {
  const { pod } = state
  try {
    await env.runHook({
      hook: 'postStart',
      pod,
      container,
      containerId,
      podIp: state.network?.ips[0],
      timeoutMs: undefined,
    })
  } catch (error) {
    env.events(
      { pod, container },
      { type: 'Warning', reason: 'FailedPostStartHook', message: 'PostStartHook failed' },
    )
    await env.runtime.containers.stop(containerId, Number(pod.spec?.terminationGracePeriodSeconds ?? 30))
    throw new StartError('PostStartHookError', messageOf(error))
  }
}
