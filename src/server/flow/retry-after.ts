import type { Clock } from '../../std/ports.ts'

const secondsMax = 32

interface Second {
  readonly at: number
  readonly count: number
}

/** What one priority level has sent away lately. */
interface Dropped {
  /** Past seconds that had any, oldest first. */
  history: readonly Second[]
  second: number
  count: number
  retryAfter: number
  raisedAt: number
}

/**
 * After how many seconds those who are sent away shall come again: twice as many while three or more a second are
 * sent away, one less when it calms down (apiserver pkg/util/flowcontrol/dropped_requests_tracker.go).
 */
export interface RetryAfter {
  /** One more was sent away; answers the seconds it is told. */
  dropped(level: string): number
}

export function createRetryAfter(clock: Pick<Clock, 'nowMs'>): RetryAfter {
  const levels = new Map<string, Dropped>()
  return {
    dropped(level) {
      const second = Math.floor(clock.nowMs() / 1000)
      const stats = levels.get(level) ?? { history: [], second: 0, count: 0, retryAfter: 1, raisedAt: 0 }
      levels.set(level, stats)
      if (stats.second === second) stats.count++
      else turn(stats, second)
      return stats.retryAfter
    },
  }
}

/** A new second begins: what the last ones had decides. */
function turn(stats: Dropped, second: number): void {
  const keptSeconds = Math.min(2 * stats.retryAfter, secondsMax)
  const ended = { at: stats.second, count: stats.count }
  stats.history = [...stats.history, ended].filter(({ at }) => stats.second - at <= keptSeconds)
  stats.second = second
  stats.count = 1
  const { retryAfter } = stats
  const recent = stats.history.filter(({ at }) => second - at <= retryAfter && at < second)
  const dropped = recent.reduce((sum, { count }) => sum + count, 0)
  if (second - stats.raisedAt >= retryAfter && dropped >= 3 * retryAfter) {
    stats.retryAfter = Math.min(2 * retryAfter, secondsMax)
    stats.raisedAt = second
  } else if (dropped < retryAfter && retryAfter > 1) stats.retryAfter--
}
