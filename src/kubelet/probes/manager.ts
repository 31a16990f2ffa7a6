import type { Container, Pod, Probe } from '../../api/types/core-v1.gen.ts'
import { messageOf } from '../../std/message.ts'
import type { Metrics } from '../../std/metrics.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { PodEvents } from '../pod/events.ts'
import type { ProbeVerdict } from '../pod/view.ts'
import type { ObservedContainer } from '../runtime/runtime.ts'
import { createProbeCounts, type ProbeCounts, type ProbeOutcome } from './counts.ts'
import type { Prober } from './prober.ts'

export interface ProbeManager {
  /** Starts probing what runs and stops probing what does not. `changed` is called when a verdict changes. */
  sync(pod: Pod, targets: readonly ProbeTarget[], changed: () => void): void
  verdict(container: ObservedContainer): ProbeVerdict
  /** Ends all probing of a pod. */
  forget(podUid: string): void
}

export interface ProbeTarget {
  readonly spec: Container
  readonly container: ObservedContainer
  readonly podIp: string | undefined
  /** It is being stopped: only whether it serves is asked from now on. */
  readonly stopping: boolean
}

export interface ProbeManagerOptions {
  readonly ports: Ports
  readonly prober: Prober
  readonly events: PodEvents
  /** Where outcomes are counted. */
  readonly metrics: Metrics
}

interface Subject extends ProbeTarget {
  pod: Pod
  stopping: boolean
  started: boolean
  ready: boolean
  failed: ProbeVerdict['failed']
  readonly timers: Map<Kind, Cancel>
  readonly runs: Map<Kind, number>
  readonly lastResult: Map<Kind, boolean>
  readonly changed: () => void
}

type Kind = 'startup' | 'liveness' | 'readiness'

const healthy: ProbeVerdict = { started: true, ready: true }
const unknown: ProbeVerdict = { started: false, ready: false }

/** Runs every container's probes with their delays, periods and thresholds (upstream pkg/kubelet/prober). */
export function createProbeManager(options: ProbeManagerOptions): ProbeManager {
  return new Probes(options)
}

class Probes implements ProbeManager {
  readonly #options: ProbeManagerOptions
  readonly #subjects = new Map<string, Subject>()
  readonly #counts: ProbeCounts

  constructor(options: ProbeManagerOptions) {
    this.#options = options
    this.#counts = createProbeCounts(options.metrics)
  }

  sync(pod: Pod, targets: readonly ProbeTarget[], changed: () => void): void {
    const wanted = new Set(targets.map(target => target.container.id))
    for (const subject of this.#subjects.values())
      if (subject.container.pod.uid === pod.metadata.uid && !wanted.has(subject.container.id))
        this.#drop(subject)
    for (const target of targets) {
      const subject = this.#subjects.get(target.container.id)
      if (subject) subject.pod = pod
      else this.#add(pod, target, changed)
      if (subject && target.stopping) subject.stopping = true
    }
  }

  verdict(container: ObservedContainer): ProbeVerdict {
    const subject = this.#subjects.get(container.id)
    if (!subject) return unknown
    const { started, ready, failed } = subject
    if (!failed && started && ready) return healthy
    return { started, ready, ...(failed ? { failed } : {}) }
  }

  forget(podUid: string): void {
    for (const subject of [...this.#subjects.values()])
      if (subject.container.pod.uid === podUid) this.#drop(subject)
  }

  /** A container that was adopted is as healthy as it was last reported. */
  #add(pod: Pod, target: ProbeTarget, changed: () => void): void {
    const shown = pod.status?.containerStatuses?.find(s => s.containerID?.endsWith(target.container.id))
    const subject: Subject = {
      ...target,
      pod,
      started: target.spec.startupProbe === undefined || shown?.started === true,
      ready: target.spec.readinessProbe === undefined || shown?.ready === true,
      failed: undefined,
      timers: new Map(),
      runs: new Map(),
      lastResult: new Map(),
      changed,
    }
    this.#subjects.set(target.container.id, subject)
    if (subject.started) this.#startLasting(subject)
    else this.#scheduleFirst(subject, 'startup')
  }

  #drop(subject: Subject): void {
    this.#subjects.delete(subject.container.id)
    for (const cancel of subject.timers.values()) cancel()
    this.#counts.forget(subject.pod, subject.spec)
  }

  #startLasting(subject: Subject): void {
    for (const kind of ['liveness', 'readiness'] as const) this.#scheduleFirst(subject, kind)
  }

  #scheduleFirst(subject: Subject, kind: Kind): void {
    this.#schedule(subject, kind, firstDelayMs(this.#options.ports, subject, kind))
  }

  #schedule(subject: Subject, kind: Kind, delayMs: number): void {
    const probe = probeOf(subject.spec, kind)
    if (!probe || this.#isOver(subject, kind)) return
    subject.timers.get(kind)?.()
    const { clock } = this.#options.ports
    subject.timers.set(
      kind,
      clock.setTimer(delayMs, () => void this.#run(subject, kind, probe)),
    )
  }

  /** A stop under way is not judged any more (upstream worker doProbe, "graceful shutdown of the pod"). */
  #isOver({ container, stopping }: Subject, kind: Kind): boolean {
    return !this.#subjects.has(container.id) || (stopping && kind !== 'readiness')
  }

  async #run(subject: Subject, kind: Kind, probe: Probe): Promise<void> {
    if (this.#isOver(subject, kind)) return
    const { clock } = this.#options.ports
    const startMs = clock.monotonicMs()
    const outcome = await this.#ask(subject, kind, probe)
    if (this.#isOver(subject, kind)) return
    const { pod, spec } = subject
    this.#counts.count({ pod, spec, kind, outcome, seconds: (clock.monotonicMs() - startMs) / 1000 })
    // An answer that could not be had says nothing (upstream throws it away).
    if (outcome !== 'unknown') this.#count(subject, kind, probe, outcome === 'successful')
    const over = subject.failed !== undefined || (kind === 'startup' && subject.started)
    if (!over) this.#schedule(subject, kind, (probe.periodSeconds ?? 10) * 1000)
  }

  async #ask(subject: Subject, kind: Kind, probe: Probe): Promise<ProbeOutcome> {
    const { pod, spec, container, podIp } = subject
    const title = kind[0]!.toUpperCase() + kind.slice(1)
    const warn = (message: string) => {
      if (!this.#subjects.has(container.id)) return
      this.#options.events({ pod, container: spec }, { type: 'Warning', reason: 'Unhealthy', message })
    }
    try {
      const request = { pod, container: spec, containerId: container.id, probe, podIp }
      const { ok, output } = await this.#options.prober(request)
      if (!ok) warn(`${title} probe failed: ${output}`)
      return ok ? 'successful' : 'failed'
    } catch (error) {
      warn(`${title} probe errored and resulted in unknown state: ${messageOf(error)}`)
      return 'unknown'
    }
  }

  #count(subject: Subject, kind: Kind, probe: Probe, ok: boolean): void {
    const run = subject.lastResult.get(kind) === ok ? (subject.runs.get(kind) ?? 0) + 1 : 1
    subject.lastResult.set(kind, ok)
    subject.runs.set(kind, run)
    if (run < (ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3))) return
    if (kind === 'readiness') {
      if (subject.ready === ok) return
      subject.ready = ok
    } else if (ok) {
      if (kind === 'liveness') return
      subject.started = true
      this.#startLasting(subject)
    } else subject.failed = { probe: kind, graceSeconds: probe.terminationGracePeriodSeconds }
    subject.changed()
  }
}

function probeOf(container: Container, kind: Kind): Probe | undefined {
  if (kind === 'startup') return container.startupProbe
  return kind === 'liveness' ? container.livenessProbe : container.readinessProbe
}

/** The initial delay counts from the container's start, also for one that was adopted. */
function firstDelayMs(ports: Ports, { spec, container }: Subject, kind: Kind): number {
  const delayMs = (probeOf(spec, kind)?.initialDelaySeconds ?? 0) * 1000
  const ranMs = ports.clock.nowMs() - (container.startedAtMs ?? container.createdAtMs)
  return Math.max(0, delayMs - Math.max(0, ranMs))
}
