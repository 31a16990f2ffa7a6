import type { Counter, Gauge, Histogram, HistogramSpec, MetricSpec, Metrics } from '../../std/metrics.ts'
import { createTimedRatio, type TimedRatio } from './timed-ratio.ts'

/** Why a request was sent away; upstream's label values. */
export type Rejection = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

const perSchema = ['priority_level', 'flow_schema']
const perLevel = ['priority_level']
const seconds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]

function spec(
  name: string,
  help: string,
  labels: readonly string[],
  stability: MetricSpec['stability'] = 'ALPHA',
) {
  return { name: `apiserver_flowcontrol_${name}`, help, labels, ...(stability && { stability }) }
}

/** Names, labels and buckets are upstream's (apiserver pkg/util/flowcontrol/metrics). */
const dispatched = spec('dispatched_requests_total', 'Requests that got their seats.', perSchema, 'BETA')
const rejected = spec(
  'rejected_requests_total',
  'Requests that were sent away.',
  [...perSchema, 'reason'],
  'BETA',
)
const executing = spec('current_executing_requests', 'Requests that hold seats.', perSchema, 'BETA')
const executingSeats = spec('current_executing_seats', 'Seats that are held.', perSchema, 'BETA')
const waiting = spec('current_inqueue_requests', 'Requests that wait for seats.', perSchema, 'BETA')
const waitingSeats = spec('current_inqueue_seats', 'Seats that are waited for.', perSchema)
const waitSeconds: HistogramSpec = {
  ...spec(
    'request_wait_duration_seconds',
    'Seconds that requests waited for seats.',
    [...perSchema, 'execute'],
    'BETA',
  ),
  buckets: seconds,
}
const workSeconds: HistogramSpec = {
  ...spec('request_execution_seconds', 'Seconds that requests held their seats.', [...perSchema, 'type']),
  buckets: seconds,
}
const queueLengths: HistogramSpec = {
  ...spec(
    'request_queue_length_after_enqueue',
    'Length of a queue with the request that was put into it.',
    perSchema,
  ),
  buckets: [0, 10, 25, 50, 100, 250, 500, 1000],
}
const estimatedSeats: HistogramSpec = {
  ...spec('work_estimated_seats', 'Seats that requests were thought to need.', perSchema),
  buckets: [1, 2, 4, 8, 16, 32, 64, 100],
}
const levelGauges = {
  nominal: spec('nominal_limit_seats', 'Seats by shares alone.', perLevel, 'BETA'),
  lower: spec('lower_limit_seats', 'Seats that are never lent.', perLevel),
  upper: spec('upper_limit_seats', 'Seats with all that may be borrowed.', perLevel),
  current: spec('current_limit_seats', 'Seats after lending and borrowing.', perLevel),
  highWatermark: spec(
    'demand_seats_high_watermark',
    'Most seats wanted at a time in the last period.',
    perLevel,
  ),
  smoothed: spec('demand_seats_smoothed', 'Seats wanted, smoothed.', perLevel),
  target: spec('target_seats', 'Seats aimed at when they were lent last.', perLevel),
}
const perPhase = [...perLevel, 'phase']
const seatUse: HistogramSpec = {
  ...spec(
    'priority_level_seat_utilization',
    'Part of the seats that is held, each nanosecond.',
    perPhase,
    'BETA',
  ),
  buckets: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
}
const requestUse: HistogramSpec = {
  ...spec(
    'priority_level_request_utilization',
    'Requests that wait or hold seats, as a part of their limit, each nanosecond.',
    perPhase,
    'BETA',
  ),
  buckets: [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1],
}
const demand: HistogramSpec = {
  ...spec('demand_seats', 'Seats wanted, as a part of the nominal ones, each nanosecond.', perLevel),
  buckets: [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6],
}
const readWrite: HistogramSpec = {
  ...spec(
    'read_vs_write_current_requests',
    'Requests that wait or run, as a part of all that may, each nanosecond.',
    ['phase', 'request_kind'],
  ),
  buckets: [0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
}
const virtualGauges = {
  current: spec('current_r', 'Virtual time of the last change, in seat-seconds.', perLevel),
  dispatch: spec('dispatch_r', 'Virtual time of the last request that was let in.', perLevel),
  latest: spec('latest_s', 'Virtual start of the last request that was let in.', perLevel),
}
const demandAverage = spec('demand_seats_average', 'Seats wanted, on average since last told.', perLevel)
const demandDeviation = spec('demand_seats_stdev', 'Standard deviation of the seats wanted.', perLevel)
const fairFraction: MetricSpec = {
  name: 'apiserver_flowcontrol_seat_fair_frac',
  help: 'Part of its target that each level got when seats were lent last.',
  stability: 'ALPHA',
}

/** The series of one FlowSchema, asked for once. */
export interface SchemaSeries {
  readonly dispatched: Counter
  readonly executing: Gauge
  readonly executingSeats: Gauge
  readonly waiting: Gauge
  readonly waitingSeats: Gauge
  readonly waitSeconds: Histogram
  readonly workSeconds: Histogram
  /** Of watches: until they have begun. */
  readonly watchSeconds: Histogram
  readonly estimatedSeats: Histogram
  readonly queueLengths: Histogram
  rejected(reason: Rejection): void
  givenUp(waitedSeconds: number): void
}

export function schemaSeries(metrics: Metrics, level: string, schema: string): SchemaSeries {
  return {
    dispatched: metrics.counter(dispatched).with(level, schema),
    executing: metrics.gauge(executing).with(level, schema),
    executingSeats: metrics.gauge(executingSeats).with(level, schema),
    waiting: metrics.gauge(waiting).with(level, schema),
    waitingSeats: metrics.gauge(waitingSeats).with(level, schema),
    waitSeconds: metrics.histogram(waitSeconds).with(level, schema, 'true'),
    workSeconds: metrics.histogram(workSeconds).with(level, schema, 'regular'),
    get watchSeconds() {
      return metrics.histogram(workSeconds).with(level, schema, 'watch')
    },
    estimatedSeats: metrics.histogram(estimatedSeats).with(level, schema),
    queueLengths: metrics.histogram(queueLengths).with(level, schema),
    rejected: reason => metrics.counter(rejected).with(level, schema, reason).inc(),
    givenUp: waited => metrics.histogram(waitSeconds).with(level, schema, 'false').observe(waited),
  }
}

export type LevelFigures = Readonly<Record<keyof typeof levelGauges, number>>

export function tellLevel(metrics: Metrics, level: string, figures: LevelFigures): void {
  for (const [name, value] of Object.entries(figures)) {
    metrics
      .gauge(levelGauges[name as keyof LevelFigures])
      .with(level)
      .set(value)
  }
}

export function forgetLevel(metrics: Metrics, level: string): void {
  for (const each of Object.values(levelGauges)) metrics.gauge(each).drop(level)
}

export function tellFairFraction(metrics: Metrics, fraction: number): void {
  metrics.gauge(fairFraction).with().set(fraction)
}

/** How much of a level is in use, over time. */
export interface LevelTimes {
  readonly seats: TimedRatio
  readonly running: TimedRatio
  readonly waiting: TimedRatio
  readonly demand: TimedRatio
}

export function levelTimes(metrics: Metrics, level: string, nowMs: number): LevelTimes {
  const of = (each: HistogramSpec, ...phase: string[]) =>
    createTimedRatio(metrics.histogram(each).with(level, ...phase), nowMs)
  return {
    seats: of(seatUse, 'executing'),
    running: of(requestUse, 'executing'),
    waiting: of(requestUse, 'waiting'),
    demand: of(demand),
  }
}

/** The times of all requests of a kind. */
export function kindTimes(metrics: Metrics, kind: 'readOnly' | 'mutating', nowMs: number) {
  const of = (phase: string) => createTimedRatio(metrics.histogram(readWrite).with(phase, kind), nowMs)
  return { executing: of('executing'), waiting: of('waiting') }
}

/** Brings the times of a level up to now, with what they say of its demand. */
export function tellTimes(metrics: Metrics, level: string, times: LevelTimes, nowMs: number): void {
  for (const each of Object.values(times)) each.settle(nowMs)
  const { mean, deviation } = times.demand.summary(nowMs)
  metrics.gauge(demandAverage).with(level).set(mean)
  metrics.gauge(demandDeviation).with(level).set(deviation)
}

/** The clock of a level's fair queues. */
export function tellVirtualTime(
  metrics: Metrics,
  level: string,
  seconds: Readonly<Record<keyof typeof virtualGauges, number>>,
): void {
  for (const [name, each] of Object.entries(virtualGauges))
    metrics
      .gauge(each)
      .with(level)
      .set(seconds[name as keyof typeof virtualGauges])
}
