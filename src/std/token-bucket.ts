import type { Clock } from './ports.ts'

/** Lets `burst` at once and then `perSecond` a second (golang.org/x/time/rate). Nothing runs while nobody asks. */
export interface TokenBucket {
  /** Takes one token; false, and nothing taken, when there is none. */
  take(): boolean
}

export function createTokenBucket(
  clock: Pick<Clock, 'monotonicMs'>,
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
): TokenBucket {
  let tokens = burst
  let lastMs = clock.monotonicMs()
  return {
    take() {
      const nowMs = clock.monotonicMs()
      tokens = Math.min(burst, tokens + ((nowMs - lastMs) * perSecond) / 1000)
      lastMs = nowMs
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}
