/** Upstream: 10 s doubling to 5 min, forgotten after twice the maximum without a crash (client-go flowcontrol.Backoff). */
export const crashBackoffMinMs = 10_000
export const crashBackoffMaxMs = 300_000

/** How long a container's next start waits after its end, and since when that holds. */
export interface Backoff {
  readonly delayMs: number
  readonly updatedAtMs: number
}

/** When a container that ended at `finishedAtMs` may start again; at once where there is no live back-off. */
export function backoffEndMs(backoff: Backoff | undefined, finishedAtMs: number): number {
  if (!backoff || isForgotten(backoff, finishedAtMs)) return finishedAtMs
  return finishedAtMs + backoff.delayMs
}

/** The back-off that a start after an end at `finishedAtMs` leaves behind. */
export function nextBackoff(backoff: Backoff | undefined, finishedAtMs: number, nowMs: number): Backoff {
  if (!backoff || isForgotten(backoff, finishedAtMs))
    return { delayMs: crashBackoffMinMs, updatedAtMs: nowMs }
  return { delayMs: Math.min(backoff.delayMs * 2, crashBackoffMaxMs), updatedAtMs: nowMs }
}

function isForgotten(backoff: Backoff, eventAtMs: number): boolean {
  return eventAtMs - backoff.updatedAtMs > 2 * crashBackoffMaxMs
}

/** `10s`, `1m20s`, `5m0s`: a whole number of seconds the way Go prints a duration. */
export function formatSeconds(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`
  return `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m${seconds % 60}s`
}
