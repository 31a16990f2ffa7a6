import type { Runnable } from '../../std/ports.ts'
import { ensurePki, type Pki } from './pki.ts'
import type { PkiSpec } from './profiles.ts'

/** A disk that refuses now may take the files in an hour. */
const retryMs = 3_600_000

/**
 * Renews certificates while the process runs: sleeps until the first is due, issues what is due and hands the result
 * to `adopt`, which swaps it into listeners and clients.
 */
export function pkiRenewal(spec: PkiSpec, current: Pki, adopt: (pki: Pki) => void): Runnable {
  return async function renewPki({ clock, random, log }, signal) {
    for (let dueMs = current.renewAtMs; !signal.aborted; ) {
      await sleepUntil(dueMs, clock, signal)
      if (signal.aborted) return
      try {
        const pki = await ensurePki(spec, { clock, random })
        if (pki.issued.length > 0) adopt(pki)
        dueMs = pki.renewAtMs
      } catch (error) {
        log.error('certificates could not be renewed', { error: String(error) })
        dueMs = clock.nowMs() + retryMs
      }
    }
  }
}

/** Looks at the wall clock at least once a day: it may jump, and timers are short. */
async function sleepUntil(
  dueMs: number,
  clock: Parameters<Runnable>[0]['clock'],
  signal: AbortSignal,
): Promise<void> {
  const dayMs = 86_400_000
  while (!signal.aborted && clock.nowMs() < dueMs) {
    const pause = Promise.withResolvers<void>()
    const cancel = clock.setTimer(Math.min(dayMs, dueMs - clock.nowMs()), pause.resolve)
    const stop = () => pause.resolve()
    signal.addEventListener('abort', stop)
    await pause.promise
    signal.removeEventListener('abort', stop)
    cancel()
  }
}
