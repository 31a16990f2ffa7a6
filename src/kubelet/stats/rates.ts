/** CPU rates out of cumulative readings, each by its key. */
export interface Rates {
  /** Nanocores since an earlier reading of this key; undefined until there is one that tells. */
  note(key: string, atMs: number, cpuNanoseconds: number): number | undefined
  /** Forgets the readings of all other keys. */
  keepOnly(keys: ReadonlySet<string>): void
}

interface Reading {
  readonly atMs: number
  readonly cpuNanoseconds: number
}

/** A shorter span tells the grain of the kernel's counters, a longer one what was long ago. */
const spanMinMs = 1_000
const spanMaxMs = 120_000
/** So that many readers do not make the span ever shorter. */
const keepMs = 10_000

/** Rates over the last ten seconds or so, as far as there were readings. */
export function createRates(): Rates {
  const kept = new Map<string, { from: Reading; rate: number | undefined }>()
  return {
    note(key, atMs, cpuNanoseconds) {
      const now = { atMs, cpuNanoseconds }
      const entry = kept.get(key)
      const spanMs = entry ? atMs - entry.from.atMs : 0
      const used = entry ? cpuNanoseconds - entry.from.cpuNanoseconds : -1
      if (!entry || spanMs < 0 || spanMs > spanMaxMs || used < 0) {
        kept.set(key, { from: now, rate: undefined })
        return undefined
      }
      if (spanMs >= spanMinMs) entry.rate = Math.round((used / spanMs) * 1000)
      if (spanMs >= keepMs) entry.from = now
      return entry.rate
    },
    keepOnly(keys) {
      for (const key of kept.keys()) if (!keys.has(key)) kept.delete(key)
    },
  }
}
