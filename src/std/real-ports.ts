import { createLogger } from './log.ts'
import { createMetrics } from './metrics.ts'
import type { Cancel, Clock, Logger, Ports, Random } from './ports.ts'

/** The system clock. Timers do not keep the process alive on their own. */
export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs: number, fn: () => void): Cancel {
    const timer = setTimeout(fn, Math.min(Math.max(delayMs, 0), timerDelayMaxMs))
    return () => clearTimeout(timer)
  },
}

/** setTimeout wraps to 1 ms past 2^31-1. */
const timerDelayMaxMs = 2 ** 31 - 1

/** The system's entropy. */
export const realRandom: Random = {
  next: () => Math.random(),
  bytes: length => crypto.getRandomValues(new Uint8Array(length)),
  uuid: () => crypto.randomUUID(),
}

/** What `cmd/` hands to every component of a real process. */
export function realPorts(log: Logger = createLogger(realClock)): Ports {
  return { clock: realClock, random: realRandom, log, metrics: createMetrics() }
}
