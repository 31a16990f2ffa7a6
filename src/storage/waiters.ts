/** Those who wait for a revision to come. */
export class Waiters {
  readonly #waiting = new Set<{ readonly revision: number; readonly wake: () => void }>()

  /** Resolves when `release` is called with `revision` or above (at once when `present` is); rejects when `signal` aborts. */
  wait(revision: number, present: number, signal: AbortSignal): Promise<void> {
    if (present >= revision) return Promise.resolve()
    if (signal.aborted) return Promise.reject(signal.reason)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => {
      this.#waiting.delete(waiter)
      reject(signal.reason)
    }
    const wake = () => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }
    const waiter = { revision, wake }
    this.#waiting.add(waiter)
    signal.addEventListener('abort', giveUp, { once: true })
    return promise
  }

  release(revision: number): void {
    for (const waiter of this.#waiting) {
      if (waiter.revision > revision) continue
      this.#waiting.delete(waiter)
      waiter.wake()
    }
  }
}
