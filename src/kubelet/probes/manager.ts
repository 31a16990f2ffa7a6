import type { Container, Pod, Probe } from '../../api/types/core-v1.gen.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { PodEvents } from '../pod/events.ts'
import { messageOf } from '../pod/start-error.ts'
import type { ProbeVerdict } from '../pod/view.ts'
import type { ObservedContainer } from '../runtime/runtime.ts'
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
}

export interface ProbeManagerOptions {
  readonly ports: Ports
  readonly prober: Prober
  readonly events: PodEvents
}

interface Subject extends ProbeTarget {
  pod: Pod
  started: boolean
  ready: boolean
  failed: ProbeVerdict['failed']
  readonly timers: Map<Kind, Cancel>
  readonly runs: Map<Kind, number>
  lastResult: Map<Kind, boolean>
  readonly changed: () => void
}

type Kind = 'startup' | 'liveness' | 'readiness'

const healthy: ProbeVerdict = { started: true, ready: true }
const unknown: ProbeVerdict = { started: false, ready: false }

/** Runs every container's probes with their delays, periods and thresholds (upstream pkg/kubelet/prober). */
export function createProbeManager({ ports, prober, events }: ProbeManagerOptions): ProbeManager {
  const subjects = new Map<string, Subject>()

  const schedule = (subject: Subject, kind: Kind, delayMs: number) => {
    const probe = probeOf(subject.spec, kind)
    if (!probe || !subjects.has(subject.container.id)) return
    subject.timers.get(kind)?.()
    subject.timers.set(
      kind,
      ports.clock.setTimer(delayMs, () => void run(subject, kind, probe)),
    )
  }

  const run = async (subject: Subject, kind: Kind, probe: Probe) => {
    const ok = await ask(subject, kind, probe)
    if (!subjects.has(subject.container.id)) return
    count(subject, kind, probe, ok)
    const over = subject.failed !== undefined || (kind === 'startup' && subject.started)
    if (!over) schedule(subject, kind, (probe.periodSeconds ?? 10) * 1000)
  }

  const ask = async (subject: Subject, kind: Kind, probe: Probe): Promise<boolean> => {
    const { pod, spec, container, podIp } = subject
    const title = kind[0]!.toUpperCase() + kind.slice(1)
    const warn = (message: string) =>
      events({ pod, container: spec }, { type: 'Warning', reason: 'Unhealthy', message })
    try {
      const result = await prober({ pod, container: spec, containerId: container.id, probe, podIp })
      if (!result.ok && subjects.has(container.id)) warn(`${title} probe failed: ${result.output}`)
      return result.ok
    } catch (error) {
      if (subjects.has(container.id))
        warn(`${title} probe errored and resulted in unknown state: ${messageOf(error)}`)
      return false
    }
  }

  const count = (subject: Subject, kind: Kind, probe: Probe, ok: boolean) => {
    const run = subject.lastResult.get(kind) === ok ? (subject.runs.get(kind) ?? 0) + 1 : 1
    subject.lastResult.set(kind, ok)
    subject.runs.set(kind, run)
    if (run < (ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3))) return
    if (kind === 'readiness') return setReady(subject, ok)
    if (ok && kind === 'startup') return setStarted(subject)
    if (ok) return
    subject.failed = { probe: kind, graceSeconds: probe.terminationGracePeriodSeconds }
    subject.changed()
  }

  const setReady = (subject: Subject, ready: boolean) => {
    if (subject.ready === ready) return
    subject.ready = ready
    subject.changed()
  }

  const setStarted = (subject: Subject) => {
    subject.started = true
    startLasting(subject)
    subject.changed()
  }

  const startLasting = (subject: Subject) => {
    for (const kind of ['liveness', 'readiness'] as const)
      schedule(subject, kind, firstDelayMs(ports, subject, kind))
  }

  const add = (pod: Pod, target: ProbeTarget, changed: () => void) => {
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
    subjects.set(target.container.id, subject)
    if (subject.started) startLasting(subject)
    else schedule(subject, 'startup', firstDelayMs(ports, subject, 'startup'))
  }

  const drop = (subject: Subject) => {
    subjects.delete(subject.container.id)
    for (const cancel of subject.timers.values()) cancel()
  }

  return {
    sync(pod, targets, changed) {
      const wanted = new Set(targets.map(target => target.container.id))
      for (const subject of subjects.values())
        if (subject.container.pod.uid === pod.metadata.uid && !wanted.has(subject.container.id)) drop(subject)
      for (const target of targets) {
        const subject = subjects.get(target.container.id)
        if (subject) subject.pod = pod
        else add(pod, target, changed)
      }
    },
    verdict(container) {
      const subject = subjects.get(container.id)
      if (!subject) return unknown
      if (!subject.failed && subject.started && subject.ready) return healthy
      return {
        started: subject.started,
        ready: subject.ready,
        ...(subject.failed ? { failed: subject.failed } : {}),
      }
    },
    forget(podUid) {
      for (const subject of [...subjects.values()]) if (subject.container.pod.uid === podUid) drop(subject)
    },
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
