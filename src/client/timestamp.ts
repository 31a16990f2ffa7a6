/** What was written last: a write says three or four times what second it is. */
let last = { second: Number.NaN, text: '' }

/** Milliseconds since the epoch as meta/v1 Time writes them: RFC 3339, whole seconds, UTC. */
export function toTimestamp(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== last.second) last = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` }
  return last.text
}

/** The day alone, UTC: `2006-01-02`. */
export function toDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** The same as meta/v1 MicroTime: six decimals. */
export function toMicroTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}

/** Milliseconds since the epoch; undefined when absent or not a time. */
export function fromTimestamp(text: string | null | undefined): number | undefined {
  if (!text) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
