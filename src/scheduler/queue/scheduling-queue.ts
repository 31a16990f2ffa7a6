import type { Pod } from '../../api/types/core-v1.gen.ts'
import { heapPop, heapPush } from '../../std/heap.ts'
import type { Cancel, Clock } from '../../std/ports.ts'
import type { ClusterEvent } from '../framework/events.ts'
import type { SchedulerPlugin } from '../framework/plugin.ts'
import { podKey } from '../snapshot/cluster-snapshot.ts'

/**
 * Pods on their way to a node. `active`: next by priority, then by age. `backoff`: failed lately, back after
 * 1 s … 10 s. `waiting`: nothing fits; woken by an event that a rejecting plugin says may help, or after five
 * minutes. `gated`: kept out by a PreEnqueue plugin. (pkg/scheduler/backend/queue)
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
  /** Something changed in the cluster. */
  moved(event: ClusterEvent): void
  /** Called whenever the active queue stops being empty. */
  onReady(notify: () => void): void
  /** Is there a pod to try now? */
  hasActive(): boolean
  counts(): Readonly<Record<'active' | 'backoff' | 'waiting' | 'gated', number>>
}

export interface QueuedPod {
  pod: Pod
  readonly key: string
  readonly queuedAtMs: number
  attempts: number
  plugins: ReadonlySet<string>
}

const backoffMinMs = 1_000
const backoffMaxMs = 10_000
const waitingMaxMs = 300_000

type Place = 'active' | 'backoff' | 'waiting' | 'gated'

interface Entry {
  readonly queued: QueuedPod
  place: Place
  /** When the last try ended. */
  failedAtMs: number
  wake: Cancel | undefined
}

export function createSchedulingQueue(plugins: readonly SchedulerPlugin[], clock: Clock): SchedulingQueue {
  return new PodQueue(plugins, clock)
}

class PodQueue implements SchedulingQueue {
  readonly #plugins: readonly SchedulerPlugin[]
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #active: Entry[] = []
  readonly #listeners: (() => void)[] = []

  constructor(plugins: readonly SchedulerPlugin[], clock: Clock) {
    this.#plugins = plugins
    this.#clock = clock
  }

  add(pod: Pod): void {
    const queuedAtMs = this.#clock.monotonicMs()
    this.#activate(this.#insert({ pod, key: podKey(pod), queuedAtMs, attempts: 0, plugins: new Set() }))
  }

  update(old: Pod, pod: Pod): void {
    const entry = this.#entries.get(podKey(pod))
    if (!entry) return
    entry.queued.pod = pod
    const changed = old.spec !== pod.spec || old.metadata.labels !== pod.metadata.labels
    if (changed) this.#wakeFor({ kind: 'podUpdated', pod, old }, entry)
  }

  remove(key: string): void {
    this.#entries.get(key)?.wake?.()
    this.#entries.delete(key)
  }

  hasActive(): boolean {
    this.#dropStale()
    return this.#active.length > 0
  }

  pop(): QueuedPod | undefined {
    this.#dropStale()
    const entry = heapPop(this.#active, before)
    if (!entry) return undefined
    this.#entries.delete(entry.queued.key)
    entry.queued.attempts++
    return entry.queued
  }

  failed(queued: QueuedPod, rejecting: ReadonlySet<string>): void {
    const entry = this.#insert(queued)
    queued.plugins = rejecting
    entry.wake = this.#clock.setTimer(waitingMaxMs, () => this.#activate(entry))
  }

  retry(queued: QueuedPod): void {
    this.#backOff(this.#insert(queued))
  }

  moved(event: ClusterEvent): void {
    for (const entry of [...this.#entries.values()]) this.#wakeFor(event, entry)
  }

  onReady(notify: () => void): void {
    this.#listeners.push(notify)
  }

  counts(): Record<Place, number> {
    const counts = { active: 0, backoff: 0, waiting: 0, gated: 0 }
    for (const { place } of this.#entries.values()) counts[place]++
    return counts
  }

  #insert(queued: QueuedPod): Entry {
    this.#entries.get(queued.key)?.wake?.()
    const entry: Entry = { queued, place: 'waiting', failedAtMs: this.#clock.monotonicMs(), wake: undefined }
    this.#entries.set(queued.key, entry)
    return entry
  }

  #activate(entry: Entry): void {
    entry.wake?.()
    entry.wake = undefined
    const gate = gateOf(this.#plugins, entry.queued.pod)
    if (gate !== undefined) {
      entry.place = 'gated'
      entry.queued.plugins = new Set([gate])
      return
    }
    entry.place = 'active'
    heapPush(this.#active, entry, before)
    for (const notify of this.#listeners) notify()
  }

  #backOff(entry: Entry): void {
    const doubled = backoffMinMs * 2 ** Math.max(0, entry.queued.attempts - 1)
    const delayMs = entry.failedAtMs + Math.min(doubled, backoffMaxMs) - this.#clock.monotonicMs()
    entry.wake?.()
    if (delayMs <= 0) return this.#activate(entry)
    entry.place = 'backoff'
    entry.wake = this.#clock.setTimer(delayMs, () => this.#activate(entry))
  }

  #wakeFor(event: ClusterEvent, entry: Entry): void {
    const asleep = entry.place === 'waiting' || entry.place === 'gated'
    if (!asleep || !mayHelp(this.#plugins, entry.queued, event)) return
    if (entry.place === 'gated') this.#activate(entry)
    else this.#backOff(entry)
  }

  /** Entries that were removed or replaced meanwhile stay in the heap until they come to its top. */
  #dropStale(): void {
    for (let top = this.#active[0]; top && this.#entries.get(top.queued.key) !== top; top = this.#active[0]) {
      heapPop(this.#active, before)
    }
  }
}

function before(a: Entry, b: Entry): number {
  const byPriority = (b.queued.pod.spec?.priority ?? 0) - (a.queued.pod.spec?.priority ?? 0)
  return byPriority || a.queued.queuedAtMs - b.queued.queuedAtMs
}

/** The name of the plugin that keeps the pod out. */
function gateOf(plugins: readonly SchedulerPlugin[], pod: Pod): string | undefined {
  return plugins.find(plugin => plugin.preEnqueue?.(pod) !== undefined)?.name
}

function mayHelp(plugins: readonly SchedulerPlugin[], queued: QueuedPod, event: ClusterEvent): boolean {
  if (queued.plugins.size === 0) return true
  return plugins.some(
    plugin =>
      queued.plugins.has(plugin.name) &&
      plugin.events?.some(hint => hint.kind === event.kind && hint.helps(queued.pod, event)),
  )
}
