import { heapPop, heapPush } from './heap.ts'
import { silentLogger } from './log.ts'
import { createMetrics } from './metrics.ts'
import type { Clock, Ports, Random } from './ports.ts'

/** A clock that stands still until it is moved; timers fire in order of time, then of arrival. */
export class SimClock implements Clock {
  #nowMs: number
  #sequence = 0
  readonly #startMs: number
  readonly #timers: { atMs: number; sequence: number; fn: (() => void) | undefined }[] = []

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs
    this.#startMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs
  }

  setTimer(delayMs: number, fn: () => void) {
    const timer = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      sequence: this.#sequence++,
      fn: fn as (() => void) | undefined,
    }
    heapPush(this.#timers, timer, earlier)
    return () => {
      timer.fn = undefined
    }
  }

  /** When the next live timer is due, or undefined when there is none. */
  nextTimerMs(): number | undefined {
    while (this.#timers[0] && !this.#timers[0].fn) heapPop(this.#timers, earlier)
    return this.#timers[0]?.atMs
  }

  /** Moves to the next live timer and runs it. False when there is none. */
  step(): boolean {
    if (this.nextTimerMs() === undefined) return false
    const timer = heapPop(this.#timers, earlier)
    if (!timer?.fn) return false
    this.#nowMs = Math.max(this.#nowMs, timer.atMs)
    const { fn } = timer
    timer.fn = undefined
    fn()
    return true
  }

  /** Moves time by `durationMs`, running each timer at its moment and settling promises between two of them. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs
    await settle()
    for (let next = this.nextTimerMs(); next !== undefined && next <= endMs; next = this.nextTimerMs()) {
      this.step()
      await settle()
    }
    this.#nowMs = endMs
    await settle()
  }
}

function earlier(a: { atMs: number; sequence: number }, b: { atMs: number; sequence: number }): number {
  return a.atMs - b.atMs || a.sequence - b.sequence
}

/** Lets every promise that can go on without time passing go on. */
export async function settle(): Promise<void> {
  await new Promise<void>(resolve => setImmediate(resolve))
}

/** xoshiro128** seeded by splitmix32: same seed, same sequence, on every machine. */
export function simRandom(seed: number): Random {
  let mix = seed >>> 0
  const splitmix = () => {
    mix = (mix + 0x9e3779b9) >>> 0
    let z = mix
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  const s: [number, number, number, number] = [splitmix(), splitmix(), splitmix(), splitmix()]
  const rotate = (x: number, k: number) => ((x << k) | (x >>> (32 - k))) >>> 0
  const next32 = () => {
    const result = Math.imul(rotate(Math.imul(s[1], 5) >>> 0, 7), 9) >>> 0
    const t = (s[1] << 9) >>> 0
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = rotate(s[3], 11)
    return result
  }
  const bytes = (length: number) => Uint8Array.from({ length }, () => next32() & 0xff)
  return {
    next: () => next32() / 2 ** 32,
    bytes,
    uuid() {
      const hex = Buffer.from(bytes(16)).toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }
}

/** Ports of a simulated world: virtual clock, seeded chance, silent log. */
export function simPorts(seed = 1, startMs?: number): Ports & { readonly clock: SimClock } {
  return {
    clock: new SimClock(startMs),
    random: simRandom(seed),
    log: silentLogger,
    metrics: createMetrics(),
  }
}
