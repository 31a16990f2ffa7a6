import type { Histogram } from '../../std/metrics.ts'

/**
 * A ratio that is observed at the end of every nanosecond, as upstream's timing histograms are (component-base
 * metrics/prometheusextension): what is written down is for how long it had which value.
 */
export interface TimedRatio {
  set(value: number, nowMs: number): void
  add(by: number, nowMs: number): void
  /** Of what the value is a part, from now on. */
  setWhole(whole: number, nowMs: number): void
  /** Writes down what has passed. */
  settle(nowMs: number): void
  /** Mean and standard deviation of the ratio's value (not its part) since this was last asked. */
  summary(nowMs: number): { readonly mean: number; readonly deviation: number }
}

const nanoseconds = 1e6

export function createTimedRatio(histogram: Histogram, nowMs: number, startWhole = 1): TimedRatio {
  let value = 0
  let whole = startWhole
  let sinceMs = nowMs
  let sums = { fromMs: nowMs, value: 0, square: 0 }
  const settle = (atMs: number) => {
    const ms = atMs - sinceMs
    if (ms <= 0) return
    histogram.observe(value / whole, Math.round(ms * nanoseconds))
    sums.value += value * ms
    sums.square += value * value * ms
    sinceMs = atMs
  }
  return {
    set(next, atMs) {
      settle(atMs)
      value = next
    },
    add(by, atMs) {
      settle(atMs)
      value += by
    },
    setWhole(next, atMs) {
      settle(atMs)
      whole = Math.max(next, 1)
    },
    settle,
    summary(atMs) {
      settle(atMs)
      const ms = Math.max(atMs - sums.fromMs, 1e-6)
      const mean = sums.value / ms
      const deviation = Math.sqrt(Math.max(0, sums.square / ms - mean * mean))
      sums = { fromMs: atMs, value: 0, square: 0 }
      return { mean, deviation }
    },
  }
}
