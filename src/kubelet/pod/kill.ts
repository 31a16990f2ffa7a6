import { messageOf } from '../../std/message.ts'
import type { ActionContext } from './action-context.ts'
import type { PodAction } from './draft.ts'
import { rolesOf } from './view.ts'

type KillAction = Extract<PodAction, { do: 'kill' }>

/** A stop that failed is tried again after this. */
const retryMs = 5_000

/** Starts to stop a container and returns; the worker is woken when it has ended. */
export async function killContainer(context: ActionContext, action: KillAction): Promise<void> {
  const { env, state, wake } = context
  const { container, graceSeconds, message } = action
  const { clock } = env.ports
  const first = !state.stopping.has(container.id)
  state.stopping.set(container.id, clock.nowMs() + graceSeconds * 1000)
  const spec = [...rolesOf(state.pod)].find(entry => entry.container.name === container.name)?.container
  if (first && spec) env.events({ pod: state.pod, container: spec }, { reason: 'Killing', message })
  void stop(context, action, first)
    .catch(error => {
      env.ports.log.warn('container was not stopped', { container: container.name, error: messageOf(error) })
      clock.setTimer(retryMs, () => {
        state.stopping.delete(container.id)
        wake()
      })
    })
    .finally(wake)
}

/** The preStop hook's time is part of the grace period (upstream killContainer). */
async function stop(
  { env, state }: ActionContext,
  { container, graceSeconds }: KillAction,
  first: boolean,
): Promise<void> {
  const { clock } = env.ports
  const startMs = clock.monotonicMs()
  const spec = [...rolesOf(state.pod)].find(entry => entry.container.name === container.name)?.container
  if (first && spec?.lifecycle?.preStop && graceSeconds > 0) {
    const timeoutMs = graceSeconds * 1000
    try {
      await env.runHook({
        hook: 'preStop',
        pod: state.pod,
        container: spec,
        containerId: container.id,
        podIp: state.network?.ips[0],
        timeoutMs,
      })
    } catch (error) {
      env.ports.log.info('preStop hook failed', { container: container.name, error: messageOf(error) })
      env.events(
        { pod: state.pod, container: spec },
        { type: 'Warning', reason: 'FailedPreStopHook', message: 'PreStopHook failed' },
      )
    }
  }
  const leftSeconds = graceSeconds - Math.round((clock.monotonicMs() - startMs) / 1000)
  await env.runtime.containers.stop(container.id, graceSeconds === 0 ? 0 : Math.max(2, leftSeconds))
}
