import type { Cancel, Clock } from '../std/ports.ts'
import type { QueueMeter } from './queue-meter.ts'

/** client-go workqueue ItemExponentialFailureRateLimiter as controllers use it. */
const retryMinMs = 5
const retryMaxMs = 1_000_000

/**
 * Keys that want work (client-go util/workqueue): a key is in it once, is never handed to two workers at a
 * time, and comes again when it was added while being worked on.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #meter: QueueMeter | undefined
  readonly #ready: string[] = []
  readonly #dirty = new Set<string>()
  readonly #processing = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #timers = new Map<string, { readonly atMs: number; readonly cancel: Cancel }>()
  readonly #takers: ((key: string | undefined) => void)[] = []
  #closed = false
  #head = 0

  constructor(clock: Clock, meter?: QueueMeter) {
    this.#clock = clock
    this.#meter = meter
  }

  /** How many keys wait for a worker. */
  get depth(): number {
    return this.#ready.length - this.#head
  }

  add(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return
    this.#dirty.add(key)
    this.#meter?.added(key)
    if (!this.#processing.has(key)) this.#offer(key)
  }

  /** Adds after a while; of several deadlines for one key the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) this.add(key)
    if (delayMs <= 0 || this.#closed) return
    const atMs = this.#clock.monotonicMs() + delayMs
    const planned = this.#timers.get(key)
    if (planned && planned.atMs <= atMs) return
    planned?.cancel()
    const cancel = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(key)
      this.add(key)
    })
    this.#timers.set(key, { atMs, cancel })
  }

  /** Adds after a pause that doubles with each failure since the last `forget`. Returns that number. */
  retry(key: string): number {
    this.#meter?.retried()
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    this.addAfter(key, Math.min(retryMinMs * 2 ** (failures - 1), retryMaxMs))
    return failures
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** The next key, marked as being worked on until `done`; undefined once the queue is closed. */
  async take(): Promise<string | undefined> {
    if (this.#closed) return undefined
    if (this.depth === 0) return await new Promise(resolve => this.#takers.push(resolve))
    const key = this.#ready[this.#head++]!
    if (this.#head > 1024 || this.depth === 0) {
      this.#ready.splice(0, this.#head)
      this.#head = 0
    }
    this.#start(key)
    return key
  }

  done(key: string): void {
    this.#processing.delete(key)
    this.#meter?.done(key)
    if (this.#dirty.has(key)) this.#offer(key)
  }

  /** Hands undefined to every waiting worker and takes nothing any more. */
  close(): void {
    this.#closed = true
    this.#meter?.stop()
    for (const { cancel } of this.#timers.values()) cancel()
    this.#timers.clear()
    for (const taker of this.#takers.splice(0)) taker(undefined)
  }

  #start(key: string): void {
    this.#dirty.delete(key)
    this.#processing.add(key)
    this.#meter?.taken(key)
  }

  #offer(key: string): void {
    const taker = this.#takers.shift()
    if (!taker) {
      this.#ready.push(key)
      return
    }
    this.#start(key)
    taker(key)
  }
}
