interface Entry {
  readonly delayMs: number
  readonly sinceMs: number
}

const entriesMax = 10_000

/** Pauses that double per key with each use, and start anew after a long rest (client-go util/flowcontrol Backoff). */
export class Backoff {
  readonly #entries = new Map<string, Entry>()
  readonly #initialMs: number
  readonly #maxMs: number

  constructor(initialMs: number, maxMs: number) {
    this.#initialMs = initialMs
    this.#maxMs = maxMs
  }

  /** Ms until the key's pause is over; 0 when it has none. */
  waitMs(key: string, nowMs: number): number {
    const entry = this.#entries.get(key)
    return entry ? Math.max(0, entry.sinceMs + entry.delayMs - nowMs) : 0
  }

  /** Starts the key's next pause. */
  next(key: string, nowMs: number): void {
    const entry = this.#entries.get(key)
    const rested = !entry || nowMs - entry.sinceMs > 2 * this.#maxMs
    const delayMs = rested ? this.#initialMs : Math.min(2 * entry.delayMs, this.#maxMs)
    this.#entries.delete(key)
    this.#entries.set(key, { delayMs, sinceMs: nowMs })
    if (this.#entries.size > entriesMax) this.#entries.delete(this.#entries.keys().next().value!)
  }
}
