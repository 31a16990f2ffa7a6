import { assert } from './assert.ts'
import type { Clock } from './ports.ts'

/**
 * A piece of long work asks it between two steps: undefined while its slice of time lasts, else a promise to wait for,
 * so that others have their turn. `const pause = breathe(); if (pause) await pause`.
 */
export type Breathe = () => Promise<void> | undefined

/** How long one piece of work keeps the event loop for itself. */
export const sliceMs = 8

interface Waiting {
  /** When its work began. */
  readonly beganMs: number
  readonly go: () => void
}

/**
 * Works that wait for their next slice; the event loop serves everything else between two of them. Every second slice is
 * the eldest work's: many long ones that went on side by side would all end at the time of the last, or at none.
 */
class Turns {
  readonly #clock: Clock
  readonly #waiting: Waiting[] = []
  #isForEldest = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wait(beganMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#waiting.push({ beganMs, go: resolve }) === 1) this.#arm()
    return promise
  }

  #arm(): void {
    this.#clock.setTimer(0, () => {
      this.#isForEldest = !this.#isForEldest
      const index = this.#isForEldest ? this.#eldest() : 0
      this.#waiting.splice(index, 1)[0]!.go()
      if (this.#waiting.length > 0) this.#arm()
    })
  }

  #eldest(): number {
    let eldest = 0
    for (let index = 1; index < this.#waiting.length; index++)
      if (this.#waiting[index]!.beganMs < this.#waiting[eldest]!.beganMs) eldest = index
    return eldest
  }
}

const turns = new WeakMap<Clock, Turns>()

/** Begins a piece of work that may take long. All of one clock take turns; in virtual time nothing takes any. */
export function beginWork(clock: Clock, firstSliceMs = sliceMs): Breathe {
  const beganMs = clock.monotonicMs()
  let endMs = beganMs + firstSliceMs
  const again = () => {
    endMs = clock.monotonicMs() + sliceMs
  }
  return () => {
    if (clock.monotonicMs() < endMs) return undefined
    let shared = turns.get(clock)
    if (!shared) {
      shared = new Turns(clock)
      turns.set(clock, shared)
    }
    return shared.wait(beganMs).then(again)
  }
}

/** The same, of a piece of work that waits for its turn before it begins: others may begin at this very moment. */
export function queueWork(clock: Clock): Breathe {
  return beginWork(clock, 0)
}

/** Work that stops now and then to be taken up again; where it waits for something, with what it waits for. */
export type Steps<T> = Generator<Promise<void> | undefined, T, void>

/** All steps at once, of work that waits for nothing. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    assert(step.value === undefined, 'work that waits for something cannot be done at once')
  }
}

/** One step after the other, with pauses where they are given. */
export async function takeSteps<T>(steps: Steps<T>, breathe?: Breathe): Promise<T> {
  let step = steps.next()
  while (!step.done) {
    const pause = step.value ?? breathe?.()
    step = pause ? await resume(steps, pause) : steps.next()
  }
  return step.value
}

/** What the work waited for may have failed: that is told where it waits. */
function resume<T>(
  steps: Steps<T>,
  pause: Promise<void>,
): Promise<IteratorResult<Promise<void> | undefined, T>> {
  return pause.then(
    () => steps.next(),
    error => steps.throw(error),
  )
}

/** What a promise gives, to work that `takeSteps` does. */
export function* awaited<T>(promise: Promise<T>): Steps<T> {
  let found: { readonly value: T } | undefined
  yield promise.then(value => {
    found = { value }
  })
  return found!.value
}
