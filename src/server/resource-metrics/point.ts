/** One reading of a node's or container's counters. */
export interface Point {
  /** When its counters stood at zero; unknown for nodes. */
  readonly startMs?: number
  readonly atMs: number
  /** Core-seconds since its start. */
  readonly cpuSeconds: number
  readonly memoryBytes: number
}

/** All readings of one node at one time. */
export interface NodeReading {
  readonly node?: Point
  /** By `namespace/pod`, then by container. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Point>>
}

/** What was used between two readings. */
export interface Usage {
  readonly atMs: number
  readonly windowMs: number
  readonly cpuCores: number
  readonly memoryBytes: number
}

/** A container that is younger tells little (metrics-server's freshContainerMinMetricsResolution). */
const freshMinMs = 10_000

/**
 * The usage that two readings tell. One that started since the first stood at zero then. Undefined where the readings
 * tell nothing: too young, restarted, or not read twice.
 */
export function usageBetween(before: Point | undefined, now: Point): Usage | undefined {
  const from = before && isSame(before, now) ? before : birthOf(now)
  const windowMs = from ? now.atMs - from.atMs : 0
  if (!from || windowMs <= 0) return undefined
  const cpuCores = ((now.cpuSeconds - from.cpuSeconds) / windowMs) * 1000
  return { atMs: now.atMs, windowMs, cpuCores, memoryBytes: now.memoryBytes }
}

function isSame(before: Point, now: Point): boolean {
  return before.cpuSeconds <= now.cpuSeconds && (now.startMs === undefined || now.startMs <= before.atMs)
}

function birthOf({ startMs, atMs }: Point): Pick<Point, 'atMs' | 'cpuSeconds'> | undefined {
  return startMs !== undefined && atMs - startMs >= freshMinMs ? { atMs: startMs, cpuSeconds: 0 } : undefined
}
