const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

/** Two to three significant figures of a duration: `90s`, `5m30s`, `3h`, `2d4h` (util/duration.HumanDuration). */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / second)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  if (durationMs < 10 * minute) return twoUnits(durationMs, minute, 'm', second, 's')
  if (durationMs < 3 * hour) return oneUnit(durationMs, minute, 'm')
  if (durationMs < 8 * hour) return twoUnits(durationMs, hour, 'h', minute, 'm')
  if (durationMs < 2 * day) return oneUnit(durationMs, hour, 'h')
  if (durationMs < 8 * day) return twoUnits(durationMs, day, 'd', hour, 'h')
  if (durationMs < 2 * year) return oneUnit(durationMs, day, 'd')
  if (durationMs < 8 * year) return twoUnits(durationMs, year, 'y', day, 'd')
  return oneUnit(durationMs, year, 'y')
}

function oneUnit(durationMs: number, unitMs: number, unit: string): string {
  return `${Math.floor(durationMs / unitMs)}${unit}`
}

function twoUnits(
  durationMs: number,
  majorMs: number,
  major: string,
  minorMs: number,
  minor: string,
): string {
  const rest = Math.floor((durationMs % majorMs) / minorMs)
  return oneUnit(durationMs, majorMs, major) + (rest === 0 ? '' : `${rest}${minor}`)
}
