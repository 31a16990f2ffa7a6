/** The extension points of the framework that are measured, by upstream's names (pkg/scheduler/metrics). */
export type Point =
  | 'PreFilter'
  | 'Filter'
  | 'PostFilter'
  | 'PreScore'
  | 'Score'
  | 'ScoreExtensionNormalize'
  | 'Reserve'
  | 'Unreserve'
  | 'Permit'
  | 'PreBind'
  | 'Bind'
  | 'PostBind'

export type PointStatus = 'Success' | 'Skip' | 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Error'

/** What the cycles of one profile take. Times are of the monotonic clock. */
export interface CycleMeter {
  nowMs(): number
  /** All plugins of a point together. */
  point(point: Point, status: PointStatus, startMs: number): void
  /** A plugin was asked, about so many nodes where it is about nodes. */
  evaluated(point: Point, plugin: string, times: number): void
}

interface Metered {
  readonly meter?: CycleMeter
}

/** Does the work of one point and measures it; what throws is an `Error`. */
export function measured<T>(
  { meter }: Metered,
  point: Point,
  work: () => T,
  statusOf: (result: T) => PointStatus = success,
): T {
  if (!meter) return work()
  const startMs = meter.nowMs()
  let status: PointStatus = 'Error'
  try {
    const result = work()
    status = statusOf(result)
    return result
  } finally {
    meter.point(point, status, startMs)
  }
}

/** The same of work that others are waited for with. */
export async function measuredWait<T>({ meter }: Metered, point: Point, work: () => Promise<T>): Promise<T> {
  if (!meter) return work()
  const startMs = meter.nowMs()
  let status: PointStatus = 'Error'
  try {
    const result = await work()
    status = 'Success'
    return result
  } finally {
    meter.point(point, status, startMs)
  }
}

const success = (): PointStatus => 'Success'
