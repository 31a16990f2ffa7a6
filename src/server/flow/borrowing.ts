import type { Metrics } from '../../std/metrics.ts'
import { isExempt, type Level } from './level.ts'
import { tellFairFraction, tellLevel } from './series.ts'

/** How slowly the demand of calm times is forgotten (KEP-1040). */
const smoothing = 0.977
const targetMin = 0.001

interface Share {
  readonly level: Level
  readonly lower: number
  readonly upper: number
  readonly target: number
}

/**
 * Moves seats from levels that do not need theirs to those that do (KEP-1040): nobody gets less than it keeps for
 * itself or now uses of its own, nobody more than it may borrow, and in between each the same part of what it wants.
 */
export function lendSeats(levels: readonly Level[], totalSeats: number, metrics: Metrics): void {
  for (const level of levels) {
    level.smoothed = Math.max(
      level.highWatermark,
      smoothing * level.smoothed + (1 - smoothing) * level.highWatermark,
    )
  }
  const exempt = levels.filter(isExempt)
  for (const level of exempt) level.current = Math.max(level.limits.lower, level.highWatermark)
  const left = totalSeats - exempt.reduce((sum, { current }) => sum + current, 0)
  const shares = levels.filter(level => !isExempt(level)).map(toShare)
  assign(shares, left, totalSeats, metrics)
  for (const level of levels) tell(level, metrics)
  for (const level of levels) level.highWatermark = level.seats + (level.queues?.waitingCount ?? 0)
}

function tell(level: Level, metrics: Metrics): void {
  const { limits, current, highWatermark, smoothed } = level
  const target = Math.max(limits.lower, smoothed)
  tellLevel(metrics, level.name, { ...limits, current, highWatermark, smoothed, target })
}

/** First figures of a level, before anybody borrowed. */
export function tellNominal(level: Level, metrics: Metrics): void {
  tell(level, metrics)
}

function toShare(level: Level): Share {
  const { nominal, lower, upper } = level.limits
  const least = Math.max(lower, Math.min(nominal, level.highWatermark))
  return { level, lower: least, upper, target: Math.max(least, level.smoothed, targetMin) }
}

function assign(shares: readonly Share[], left: number, total: number, metrics: Metrics): void {
  const kept = sum(shares, ({ level }) => level.limits.lower)
  const least = sum(shares, ({ lower }) => lower)
  if (left <= least) {
    const part = least > kept ? Math.max(0, (left - kept) / (least - kept)) : 0
    for (const { level, lower } of shares) {
      level.current = level.limits.lower + Math.round((lower - level.limits.lower) * part)
    }
    tellFairFraction(metrics, 0)
    return
  }
  const fraction = fairFraction(shares, total)
  for (const share of shares) share.level.current = Math.round(allotted(share, fraction))
  tellFairFraction(metrics, fraction)
}

function allotted({ lower, upper, target }: Share, fraction: number): number {
  return Math.min(upper, Math.max(lower, target * fraction))
}

/** The part of every target at which the seats just suffice, by halving. */
export function fairFraction(shares: readonly Omit<Share, 'level'>[], total: number): number {
  const needed = (fraction: number) => sum(shares, share => allotted(share as Share, fraction))
  let low = 0
  let high = Math.max(...shares.map(({ upper, target }) => upper / target))
  if (needed(high) <= total) return high
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (needed(middle) < total) low = middle
    else high = middle
  }
  return high
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
