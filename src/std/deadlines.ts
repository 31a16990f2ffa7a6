import type { Cancel, Clock } from './ports.ts'

/** Calls `fn` once, `delayMs` after now, unless the result is called before. */
export type Deadlines = (fn: () => void) => Cancel

interface Deadline {
  readonly atMs: number
  readonly fn: () => void
}

/**
 * Timers of one and the same delay, of which nearly all are cancelled: they come due in the order in which they were
 * made, so one timer of the clock serves them all and a cancelled one costs a look-up.
 */
export function createDeadlines(clock: Clock, delayMs: number): Deadlines {
  const open = new Set<Deadline>()
  let isArmed = false
  const arm = (atMs: number) => {
    isArmed = true
    clock.setTimer(atMs - clock.monotonicMs(), due)
  }
  const due = () => {
    isArmed = false
    const nowMs = clock.monotonicMs()
    for (const deadline of open) {
      if (deadline.atMs > nowMs) return arm(deadline.atMs)
      open.delete(deadline)
      deadline.fn()
    }
  }
  return fn => {
    const deadline = { atMs: clock.monotonicMs() + delayMs, fn }
    open.add(deadline)
    if (!isArmed) arm(deadline.atMs)
    return () => void open.delete(deadline)
  }
}
