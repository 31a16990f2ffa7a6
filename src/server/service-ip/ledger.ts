import type { Clock } from '../../std/ports.ts'

/** A promise to an object that is not stored yet; it lapses when the write never comes. */
const promiseMs = 60_000

/** Who holds what: entries of stored objects, and promises to those that are being written. */
export class Ledger<K> {
  readonly #clock: Clock
  readonly #held = new Map<K, string>()
  readonly #promised = new Map<K, { readonly owner: string; readonly untilMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many entries stored objects have. */
  get size(): number {
    return this.#held.size
  }

  isFree(item: K): boolean {
    if (this.#held.has(item)) return false
    const promise = this.#promised.get(item)
    return !promise || promise.untilMs <= this.#clock.monotonicMs()
  }

  /** Whether a stored object has it. */
  isHeld(item: K): boolean {
    return this.#held.has(item)
  }

  promise(item: K, owner: string): void {
    this.#promised.set(item, { owner, untilMs: this.#clock.monotonicMs() + promiseMs })
  }

  /** Takes back what was promised and not written. */
  forget(owner: string): void {
    for (const [item, promise] of this.#promised) if (promise.owner === owner) this.#promised.delete(item)
  }

  hold(item: K, owner: string): void {
    this.#held.set(item, owner)
    this.#promised.delete(item)
  }

  release(item: K, owner: string): void {
    if (this.#held.get(item) === owner) this.#held.delete(item)
  }
}
