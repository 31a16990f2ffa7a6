import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Cancel } from '../../std/ports.ts'
import { podStatus } from '../status/pod-status.ts'
import { type ActionContext, connect, perform, prepareVolumes } from './actions.ts'
import type { PodPlan } from './draft.ts'
import type { PodEnvironment } from './environment.ts'
import { planPod } from './plan.ts'
import { newPodState, type PodState, syncProbes, viewOf } from './pod-state.ts'
import { messageOf } from './start-error.ts'
import { currentSandbox, type Ending, type PodView } from './view.ts'

/** Keeps one pod as its object says. Woken by changes and by the deadlines that its plans ask for. */
export interface PodWorker {
  update(pod: Pod): void
  wake(): void
  /** Ends the pod; a later call can only shorten the grace. */
  end(cause: Ending['cause'], graceSeconds: number, why?: { reason: string; message: string }): void
  readonly pod: Pod
  readonly ips: readonly string[] | undefined
  readonly ended: boolean
  /** Stops looking, leaves everything running. */
  close(): void
}

export interface WorkerHooks {
  /** Nothing of the pod runs any more. Called once; what it does is done before anything else. */
  readonly onEnded: (worker: PodWorker) => Promise<void>
}

const retryMinMs = 1_000
const retryMaxMs = 60_000

export function createPodWorker(env: PodEnvironment, first: Pod, hooks: WorkerHooks): PodWorker {
  const { clock, log } = env.ports
  const state = newPodState(first, clock.nowMs())
  let cancelTimer: Cancel | undefined
  let work = new AbortController()
  let busy = false
  let again = false
  let failures = 0
  let ended = false
  let closed = false

  const wake = () => {
    if (closed) return
    if (busy) {
      again = true
      return
    }
    busy = true
    void rounds()
  }

  const rounds = async () => {
    let retryDelayMs: number | undefined
    try {
      do {
        again = false
        if (await round()) again = true
      } while (again && !closed)
      failures = 0
    } catch (error) {
      const delayMs = Math.min(retryMinMs * 2 ** failures++, retryMaxMs)
      log.warn('pod sync failed', { pod: state.pod.metadata.name, error: messageOf(error) })
      retryDelayMs = again ? 0 : delayMs
    } finally {
      busy = false
    }
    if (retryDelayMs !== undefined) wakeAfter(retryDelayMs)
  }

  const wakeAfter = (delayMs: number) => {
    cancelTimer?.()
    if (!closed) cancelTimer = clock.setTimer(delayMs, wake)
  }

  /** One look and the steps that follow from it. True when something was done, so that the next look may differ. */
  const round = async (): Promise<boolean> => {
    const { containers } = env.runtime
    const observed = await containers.list(state.pod.metadata.uid)
    await adopt(observed)
    const sandbox = currentSandbox(observed)
    if (sandbox === undefined && state.network) state.network = undefined
    syncProbes(env, state, observed, wake)
    const view = viewOf(env, state, observed)
    const plan = planPod(view)
    const deadlineMs = checkDeadline(state)
    if (!state.ending && plan.completed) end('completed', state.pod.spec?.terminationGracePeriodSeconds ?? 30)
    publish(view, plan)
    if (plan.ended) return finish(view, plan)
    const context: ActionContext = { env, state, view, signal: work.signal, wake }
    for (const action of plan.actions) await perform(context, action)
    const wakeAtMs = Math.min(plan.wakeAtMs ?? Number.POSITIVE_INFINITY, deadlineMs)
    if (Number.isFinite(wakeAtMs)) wakeAfter(Math.max(1, wakeAtMs - clock.nowMs()))
    return plan.actions.some(action => action.do !== 'kill')
  }

  /** After a restart of the kubelet: finds the addresses and volumes of what runs already. */
  const adopt = async (observed: PodView['observed']) => {
    const sandbox = currentSandbox(observed)
    if (!sandbox || state.ending) return
    if (!state.volumes) await prepareVolumes(env, state, work.signal)
    if (state.network?.sandboxId !== sandbox.id) await connect(env, state, sandbox.id)
  }

  const checkDeadline = ({ pod, ending }: PodState): number => {
    const seconds = pod.spec?.activeDeadlineSeconds
    const startTime = pod.status?.startTime ?? env.statuses.of(pod.metadata.uid!)?.startTime
    if (seconds === undefined || !startTime || ending) return Number.POSITIVE_INFINITY
    const deadlineMs = Date.parse(startTime) + seconds * 1000
    if (clock.nowMs() < deadlineMs) return deadlineMs
    const message = 'Pod was active on the node longer than the specified deadline'
    env.events({ pod }, { reason: 'DeadlineExceeded', message })
    end('deadline', pod.spec?.terminationGracePeriodSeconds ?? 30, { reason: 'DeadlineExceeded', message })
    return Number.POSITIVE_INFINITY
  }

  const publish = (view: PodView, plan: PodPlan) => {
    if (state.ending?.cause === 'orphaned') return
    env.statuses.publish(
      state.pod,
      podStatus({
        view: { ...view, ending: state.ending },
        plan,
        old: env.statuses.of(state.pod.metadata.uid!) ?? state.pod.status ?? {},
        startedAtMs: state.startedAtMs,
        podIps: state.network?.ips,
        hostIps: env.config.nodeIps,
        terminationMessage: env.terminationMessage,
        runtimeName: env.runtimeName,
      }),
    )
  }

  const finish = async (view: PodView, plan: PodPlan): Promise<boolean> => {
    env.probes.forget(state.pod.metadata.uid!)
    for (const action of plan.actions) await perform({ env, state, view, signal: work.signal, wake }, action)
    if (ended) return false
    await hooks.onEnded(worker)
    ended = true
    return false
  }

  const end: PodWorker['end'] = (cause, graceSeconds, why) => {
    const { ending } = state
    if (ending && graceSeconds >= ending.graceSeconds) return
    const before = { cause, ...why, ...ending }
    state.ending = { ...before, graceSeconds, sinceMs: clock.nowMs() }
    // What is being waited for (a pull, a volume) is of no use any more.
    work.abort()
    work = new AbortController()
    wake()
  }

  const worker: PodWorker = {
    update(pod) {
      // Downward API volumes show labels and annotations.
      const shown = [state.pod.metadata.labels, state.pod.metadata.annotations]
      if (!Bun.deepEquals(shown, [pod.metadata.labels, pod.metadata.annotations])) state.volumes = undefined
      state.pod = pod
      wake()
    },
    wake,
    end,
    get pod() {
      return state.pod
    },
    get ips() {
      return state.network?.ips
    },
    get ended() {
      return ended
    },
    close() {
      closed = true
      cancelTimer?.()
      work.abort()
      env.probes.forget(state.pod.metadata.uid!)
    },
  }
  return worker
}
