import type { Pod } from '../../api/types/core-v1.gen.ts'
import { messageOf } from '../../std/message.ts'
import type { Cancel } from '../../std/ports.ts'
import type { SyncType } from '../metrics/pod-meter.ts'
import type { Observed, ObservedContainer } from '../runtime/runtime.ts'
import { podStatus } from '../status/pod-status.ts'
import type { ActionContext } from './action-context.ts'
import { connect, perform, prepareVolumes } from './actions.ts'
import { tellBackoffs } from './backoff-event.ts'
import type { PodPlan } from './draft.ts'
import type { PodEnvironment } from './environment.ts'
import { planPod } from './plan.ts'
import { newPodState, type PodState, syncProbes, viewOf } from './pod-state.ts'
import { reviewResize, settleResize } from './resize.ts'
import type { ResizeRefusal, ResizeState } from './resize-state.ts'
import { currentSandbox, type Ending, type PodView } from './view.ts'

export interface WorkerHooks {
  /** When the kubelet saw the pod for the first time, by the monotonic clock. */
  readonly seenMs: number
  /** Nothing of the pod runs any more. Called until it succeeds; the worker counts as ended from then on. */
  readonly onEnded: (worker: PodWorker) => Promise<void>
  readonly judgeResize: (worker: PodWorker, pod: Pod) => ResizeRefusal | undefined
}

const retryMinMs = 1_000
const retryMaxMs = 60_000
const graceDefaultSeconds = 30

/** Keeps one pod as its object says. Woken by changes and by the deadlines that its plans ask for. */
export class PodWorker {
  readonly #env: PodEnvironment
  readonly #hooks: WorkerHooks
  readonly #state: PodState
  #cancelTimer: Cancel | undefined
  #work = new AbortController()
  #busy = false
  #again = false
  #failures = 0
  #ended = false
  #closed = false
  /** What brings about the next rounds, unless the pod is ending. */
  #cause: SyncType = 'create'
  #containers: readonly ObservedContainer[] = []

  constructor(env: PodEnvironment, pod: Pod, hooks: WorkerHooks) {
    this.#env = env
    this.#hooks = hooks
    this.#state = newPodState(pod, env.ports.clock.nowMs())
  }

  get pod(): Pod {
    return this.#state.pod
  }

  get ips(): readonly string[] | undefined {
    return this.#state.network?.ips
  }

  get ended(): boolean {
    return this.#ended
  }

  get ending(): boolean {
    return this.#state.ending !== undefined
  }

  /** By volume name, what is set up for it. */
  get mounts(): ReadonlyMap<string, string> {
    return this.#state.volumes ?? new Map()
  }

  /** As they were at the last look, and every change of theirs is followed by one. */
  get containers(): readonly ObservedContainer[] {
    return this.#containers
  }

  update(pod: Pod): void {
    const { metadata } = this.#state.pod
    // Downward API volumes show labels and annotations.
    const shown = [metadata.labels, metadata.annotations]
    if (!Bun.deepEquals(shown, [pod.metadata.labels, pod.metadata.annotations]))
      this.#state.volumes = undefined
    this.#state.resize.desired = pod
    if (this.#cause === 'sync') this.#cause = 'update'
    this.reviewResize()
    this.wake()
  }

  /** Asks again whether the node can grant what the pod wants. */
  reviewResize(): void {
    const granted = reviewResize(this.#env, this.#state, pod => this.#hooks.judgeResize(this, pod))
    if (granted) this.wake()
  }

  /** Where its in-place resize stands. */
  get resize(): Pick<ResizeState, 'pending' | 'started'> {
    return this.#state.resize
  }

  wake(): void {
    if (this.#closed) return
    if (this.#busy) {
      this.#again = true
      return
    }
    this.#busy = true
    void this.#rounds()
  }

  /** Ends the pod; a later call can only shorten the grace. */
  end(cause: Ending['cause'], graceSeconds: number, why?: { reason: string; message: string }): void {
    const { ending } = this.#state
    if (ending && graceSeconds >= ending.graceSeconds) return
    const before = { cause, ...why, ...ending }
    this.#state.ending = { ...before, graceSeconds, sinceMs: this.#env.ports.clock.nowMs() }
    // What is being waited for (a pull, a volume) is of no use any more.
    this.#work.abort()
    this.#work = new AbortController()
    this.wake()
  }

  /** Stops looking, leaves everything running. */
  close(): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.#work.abort()
    this.#env.probes.forget(this.#uid)
  }

  get #uid(): string {
    return this.#state.pod.metadata.uid ?? ''
  }

  async #rounds(): Promise<void> {
    let retryDelayMs: number | undefined
    const done = this.#begin()
    try {
      do {
        this.#again = false
        if (await this.#round()) this.#again = true
      } while (this.#again && !this.#closed)
      this.#failures = 0
    } catch (error) {
      const { log } = this.#env.ports
      log.warn('pod sync failed', { pod: this.#state.pod.metadata.name, error: messageOf(error) })
      const delayMs = Math.min(retryMinMs * 2 ** this.#failures++, retryMaxMs)
      retryDelayMs = this.#again ? 0 : delayMs
    } finally {
      this.#busy = false
      done()
    }
    if (retryDelayMs !== undefined) this.#wakeAfter(retryDelayMs)
  }

  /** Measures rounds until the answer is called. */
  #begin(): () => void {
    const { meter, ports } = this.#env
    const startMs = ports.clock.monotonicMs()
    const cause = this.#cause
    const wasOver = this.#ended
    this.#cause = 'sync'
    if (cause === 'create' && !this.#state.ending)
      meter.workerStarted(this.#state.pod, startMs - this.#hooks.seenMs)
    return () => {
      if (wasOver) return
      const kind = this.#ended ? 'terminated' : this.#state.ending ? 'kill' : cause
      meter.synced(kind, ports.clock.monotonicMs() - startMs)
    }
  }

  #wakeAfter(delayMs: number): void {
    this.#cancelTimer?.()
    if (!this.#closed) this.#cancelTimer = this.#env.ports.clock.setTimer(delayMs, () => this.wake())
  }

  /** One look and the steps that follow from it. True when something was done, so that the next look may differ. */
  async #round(): Promise<boolean> {
    const env = this.#env
    const state = this.#state
    const observed = await env.runtime.containers.list(this.#uid)
    this.#containers = observed.containers
    await this.#adopt(observed)
    if (currentSandbox(observed) === undefined) state.network = undefined
    syncProbes(env, state, observed, () => this.wake())
    settleResize(env, state, observed)
    const view = viewOf(env, state, observed)
    const plan = planPod(view)
    const deadlineMs = this.#checkDeadline()
    if (!state.ending && plan.completed) this.end('completed', graceSecondsOf(state.pod))
    this.#publish(view, plan)
    if (plan.ended) await this.#finish(view, plan)
    else await this.#performAll(view, plan)
    const wakeAtMs = Math.min(plan.wakeAtMs ?? Number.POSITIVE_INFINITY, deadlineMs)
    if (Number.isFinite(wakeAtMs)) this.#wakeAfter(Math.max(1, wakeAtMs - env.ports.clock.nowMs()))
    return !plan.ended && plan.actions.some(action => action.do !== 'kill')
  }

  async #performAll(view: PodView, plan: PodPlan): Promise<void> {
    const context: ActionContext = {
      ...{ env: this.#env, state: this.#state, view, signal: this.#work.signal },
      wake: () => this.wake(),
    }
    for (const action of plan.actions) await perform(context, action)
  }

  /** After a restart of the kubelet: finds the addresses and volumes of what runs already. */
  async #adopt(observed: Observed): Promise<void> {
    const sandbox = currentSandbox(observed)
    if (!sandbox || this.#state.ending) return
    if (!this.#state.volumes) await prepareVolumes(this.#env, this.#state, this.#work.signal)
    if (this.#state.network?.sandboxId !== sandbox.id) await connect(this.#env, this.#state, sandbox.id)
  }

  /** When activeDeadlineSeconds are over; past it the pod is ended. */
  #checkDeadline(): number {
    const { pod, ending } = this.#state
    const seconds = pod.spec?.activeDeadlineSeconds
    const startTime = pod.status?.startTime ?? this.#env.statuses.of(this.#uid)?.startTime
    if (seconds === undefined || !startTime || ending) return Number.POSITIVE_INFINITY
    const deadlineMs = Date.parse(startTime) + seconds * 1000
    if (this.#env.ports.clock.nowMs() < deadlineMs) return deadlineMs
    const message = 'Pod was active on the node longer than the specified deadline'
    this.#env.events({ pod }, { reason: 'DeadlineExceeded', message })
    this.end('deadline', graceSecondsOf(pod), { reason: 'DeadlineExceeded', message })
    return Number.POSITIVE_INFINITY
  }

  #publish(view: PodView, plan: PodPlan): void {
    const { pod, ending, startedAtMs, network } = this.#state
    if (ending?.cause === 'orphaned') return
    const { statuses, config, terminationMessage, runtimeName } = this.#env
    const old = statuses.of(this.#uid) ?? pod.status ?? {}
    tellBackoffs(this.#env.events, { pod, plan, old })
    const shared = { plan, old, startedAtMs, terminationMessage, runtimeName, hostIps: config.nodeIps }
    const status = podStatus({ ...shared, view: { ...view, ending }, podIps: network?.ips })
    if (old.phase === 'Pending' && status.phase === 'Running')
      this.#env.meter.running(this.#env.ports.clock.monotonicMs() - this.#hooks.seenMs)
    statuses.publish(pod, status)
  }

  async #finish(view: PodView, plan: PodPlan): Promise<void> {
    this.#env.probes.forget(this.#uid)
    await this.#performAll(view, plan)
    if (this.#ended) return
    await this.#hooks.onEnded(this)
    this.#ended = true
  }
}

function graceSecondsOf({ spec }: Pod): number {
  return Number(spec?.terminationGracePeriodSeconds ?? graceDefaultSeconds)
}
