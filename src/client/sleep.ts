import type { Clock } from '../std/ports.ts'

/** Resolves after `delayMs` or at once when `signal` aborts, whichever comes first. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.setTimer(delayMs, done)
    signal.addEventListener('abort', done, { once: true })
  })
}
