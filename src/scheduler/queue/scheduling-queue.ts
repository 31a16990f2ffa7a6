import type { Pod } from '../../api/types/core-v1.gen.ts'
import { heapPop, heapPush } from '../../std/heap.ts'
import type { Cancel, Clock } from '../../std/ports.ts'
import { eventLabel } from '../framework/event-label.ts'
import { type ClusterEvent, podChanges } from '../framework/events.ts'
import type { SchedulerPlugin } from '../framework/plugin.ts'
import { podKey } from '../snapshot/cluster-snapshot.ts'
import { createSleepers, mayHelp } from './sleepers.ts'

/**
 * Pods on their way to a node. `active`: next by priority, then by age. `backoff`: failed lately, back after
 * 1 s … 10 s, or sooner when nothing else is to do and the failure was no error. `waiting`: nothing fits; woken by
 * an event that a rejecting plugin says may help, or after five minutes. `gated`: kept out by a PreEnqueue plugin.
 * (pkg/scheduler/backend/queue)
 */
export interface SchedulingQueue {
  add(pod: Pod): void
  /** The pod changed without getting a node. */
  update(old: Pod, pod: Pod): void
  remove(key: string): void
  /** The next pod to try, or undefined. The caller gives it back with `failed` or `retry`, or forgets it. */
  pop(): QueuedPod | undefined
  /** Nothing fits: wait for an event of one of these plugins; of any when the set is empty. */
  failed(queued: QueuedPod, plugins: ReadonlySet<string>): void
  /** An error on the way: try again after back-off. */
  retry(queued: QueuedPod): void
  /** Tries a pod that waits or backs off at once. */
  activate(key: string): void
  /** Something changed in the cluster. `only` leaves the other pods asleep. */
  moved(event: ClusterEvent, only?: (pod: Pod) => boolean): void
  /** Called whenever there is a pod to try. */
  onReady(notify: () => void): void
  /** Is there a pod to try now? */
  hasActive(): boolean
  counts(): Readonly<Record<Place, number>>
  /** The pods that wait, each with what rejected it. */
  waiting(): Iterable<Pick<QueuedPod, 'pod' | 'plugins'>>
}

/** Told which pods come to which place, and by upstream's name of the event, why. */
export type Incoming = (place: Place, event: string) => void

export interface QueuedPod {
  pod: Pod
  readonly key: string
  readonly queuedAtMs: number
  attempts: number
  plugins: ReadonlySet<string>
}

/** Back-off after a failure, in milliseconds: KubeSchedulerConfiguration's podInitialBackoffSeconds and podMaxBackoffSeconds. */
export interface QueueBackoff {
  readonly initialMs: number
  readonly maxMs: number
}

/** What is left out is upstream's. */
interface QueuePace {
  readonly backoff?: QueueBackoff | undefined
  /** kube-scheduler --pod-max-in-unschedulable-pods-duration. */
  readonly waitingMaxMs?: number | undefined
}

const defaultBackoff: QueueBackoff = { initialMs: 1_000, maxMs: 10_000 }
const attemptFailure = 'ScheduleAttemptFailure'

export type Place = 'active' | 'backoff' | 'waiting' | 'gated'

interface Entry {
  readonly queued: QueuedPod
  place: Place
  /** When the last try ended. */
  failedAtMs: number
  /** When back-off ends. */
  untilMs: number
  /** An error must wait its back-off out. */
  erred: boolean
  wake: Cancel | undefined
}

/** `pluginsOf` names the plugins of the profile that a pod asks for. */
export function createSchedulingQueue(
  pluginsOf: (pod: Pod) => readonly SchedulerPlugin[],
  clock: Clock,
  pace: QueuePace = {},
  incoming: Incoming = () => {},
): SchedulingQueue {
  return new PodQueue(pluginsOf, clock, pace, incoming)
}

class PodQueue implements SchedulingQueue {
  readonly #pluginsOf: (pod: Pod) => readonly SchedulerPlugin[]
  readonly #clock: Clock
  readonly #backoff: QueueBackoff
  readonly #entries = new Map<string, Entry>()
  readonly #asleep = createSleepers<Entry>()
  readonly #active: Entry[] = []
  readonly #backingOff: Entry[] = []
  readonly #listeners: (() => void)[] = []
  readonly #incoming: Incoming
  readonly #waitingMaxMs: number

  constructor(
    pluginsOf: (pod: Pod) => readonly SchedulerPlugin[],
    clock: Clock,
    { backoff = defaultBackoff, waitingMaxMs = 300_000 }: QueuePace,
    incoming: Incoming,
  ) {
    this.#pluginsOf = pluginsOf
    this.#clock = clock
    this.#backoff = backoff
    this.#incoming = incoming
    this.#waitingMaxMs = waitingMaxMs
  }

  add(pod: Pod): void {
    const queuedAtMs = this.#clock.monotonicMs()
    const queued = { pod, key: podKey(pod), queuedAtMs, attempts: 0, plugins: new Set<string>() }
    this.#activate(this.#insert(queued), 'UnschedulablePodAdd')
  }

  update(old: Pod, pod: Pod): void {
    const entry = this.#entries.get(podKey(pod))
    if (!entry) return
    entry.queued.pod = pod
    if (!this.#asleep.has(entry)) return
    const changes = podChanges(old, pod)
    const event: ClusterEvent = { kind: 'podUpdated', pod, old, changes }
    if (changes.size > 0 && mayHelp(this.#pluginsOf(pod), entry.queued, event))
      this.#wake(entry, eventLabel(event))
  }

  remove(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    entry.wake?.()
    this.#asleep.delete(entry)
    this.#entries.delete(key)
  }

  hasActive(): boolean {
    return this.#top() !== undefined
  }

  pop(): QueuedPod | undefined {
    const heap = this.#top()
    const entry = heap && heapPop(heap, heap === this.#active ? before : sooner)
    if (!entry) return undefined
    if (heap !== this.#active) this.#incoming('active', 'PopFromBackoffQ')
    this.remove(entry.queued.key)
    entry.queued.attempts++
    return entry.queued
  }

  failed(queued: QueuedPod, rejecting: ReadonlySet<string>): void {
    const entry = this.#insert(queued)
    queued.plugins = rejecting
    this.#sleep(entry, 'waiting', attemptFailure)
    entry.wake = this.#clock.setTimer(this.#waitingMaxMs, () => this.#activate(entry, 'UnschedulableTimeout'))
  }

  retry(queued: QueuedPod): void {
    const entry = this.#insert(queued)
    entry.erred = true
    this.#backOff(entry, attemptFailure)
  }

  activate(key: string): void {
    const entry = this.#entries.get(key)
    if (entry && entry.place !== 'active') this.#activate(entry, 'ForceActivate')
  }

  moved(event: ClusterEvent, only?: (pod: Pod) => boolean): void {
    for (const entry of this.#asleep.wokenBy(event))
      if (!only || only(entry.queued.pod)) this.#wake(entry, eventLabel(event))
  }

  onReady(notify: () => void): void {
    this.#listeners.push(notify)
  }

  counts(): Record<Place, number> {
    const counts = { active: 0, backoff: 0, waiting: 0, gated: 0 }
    for (const { place } of this.#entries.values()) counts[place]++
    return counts
  }

  *waiting(): Generator<QueuedPod> {
    for (const { place, queued } of this.#entries.values())
      if (place === 'waiting' || place === 'gated') yield queued
  }

  #insert(queued: QueuedPod): Entry {
    this.remove(queued.key)
    const failedAtMs = this.#clock.monotonicMs()
    const entry: Entry = { queued, place: 'waiting', failedAtMs, untilMs: 0, erred: false, wake: undefined }
    this.#entries.set(queued.key, entry)
    return entry
  }

  #sleep(entry: Entry, place: 'waiting' | 'gated', why: string): void {
    entry.place = place
    this.#incoming(place, why)
    this.#asleep.add(entry, this.#pluginsOf(entry.queued.pod))
  }

  #activate(entry: Entry, why: string): void {
    entry.wake?.()
    entry.wake = undefined
    const gate = gateOf(this.#pluginsOf(entry.queued.pod), entry.queued.pod)
    if (gate !== undefined) {
      // What rejected it before may still wake it.
      entry.queued.plugins = new Set([...entry.queued.plugins, gate])
      return this.#sleep(entry, 'gated', why)
    }
    this.#asleep.delete(entry)
    entry.place = 'active'
    this.#incoming('active', why)
    heapPush(this.#active, entry, before)
    this.#notify()
  }

  #backOff(entry: Entry, why: string): void {
    const { initialMs, maxMs } = this.#backoff
    const doubled = initialMs * 2 ** Math.max(0, entry.queued.attempts - 1)
    entry.untilMs = entry.failedAtMs + Math.min(doubled, maxMs)
    const delayMs = entry.untilMs - this.#clock.monotonicMs()
    entry.wake?.()
    if (delayMs <= 0 || gateOf(this.#pluginsOf(entry.queued.pod), entry.queued.pod) !== undefined)
      return this.#activate(entry, why)
    this.#asleep.delete(entry)
    entry.place = 'backoff'
    this.#incoming('backoff', why)
    entry.wake = this.#clock.setTimer(delayMs, () => this.#activate(entry, 'BackoffComplete'))
    if (entry.erred) return
    heapPush(this.#backingOff, entry, sooner)
    this.#notify()
  }

  #wake(entry: Entry, why: string): void {
    if (entry.place === 'gated') this.#activate(entry, why)
    else this.#backOff(entry, why)
  }

  #notify(): void {
    for (const notify of this.#listeners) notify()
  }

  /** The heap that the next pod leaves from. */
  #top(): Entry[] | undefined {
    this.#dropStale(this.#active, 'active', before)
    if (this.#active.length > 0) return this.#active
    this.#dropStale(this.#backingOff, 'backoff', sooner)
    return this.#backingOff.length > 0 ? this.#backingOff : undefined
  }

  /** Entries that were removed or replaced meanwhile stay in a heap until they come to its top. */
  #dropStale(heap: Entry[], place: Place, compare: (a: Entry, b: Entry) => number): void {
    for (let top = heap[0]; top; top = heap[0]) {
      if (top.place === place && this.#entries.get(top.queued.key) === top) return
      heapPop(heap, compare)
    }
  }
}

function before(a: Entry, b: Entry): number {
  const byPriority = (b.queued.pod.spec?.priority ?? 0) - (a.queued.pod.spec?.priority ?? 0)
  return byPriority || a.queued.queuedAtMs - b.queued.queuedAtMs
}

function sooner(a: Entry, b: Entry): number {
  return a.untilMs - b.untilMs
}

/** The name of the plugin that keeps the pod out. */
function gateOf(plugins: readonly SchedulerPlugin[], pod: Pod): string | undefined {
  for (const plugin of plugins) if (plugin.preEnqueue?.(pod) !== undefined) return plugin.name
  return undefined
}
