import type { MetricSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import type { Filter, RequestContext, RequestInfo, Response } from '../context.ts'
import type { FlowControl, Placement } from '../flow/flow-control.ts'
import { waitingMax } from '../flow/level.ts'
import { createRetryAfter } from '../flow/retry-after.ts'
import { kindTimes } from '../flow/series.ts'
import type { TimedRatio } from '../flow/timed-ratio.ts'
import { labelsOf, reportedVerb } from '../metrics/measure-requests.ts'
import { inFlight, inQueue, terminations } from '../metrics/specs.ts'
import { isLongRunning } from './timeout.ts'

const readVerbs = new Set(['get', 'list', 'watch', 'head', 'options'])

/**
 * Lets a request go on when its priority level has seats for it. Components of this process do not wait: they are few,
 * known, and what keeps the cluster alive. A watch holds seats until its first events are on their way, other
 * long-running requests none.
 */
export function controlFlow(flow: FlowControl, ports: Pick<Ports, 'metrics' | 'clock'>): Filter {
  const gauges = kindGauges(flow, ports)
  const retry = createRetryAfter(ports.clock)
  return next =>
    async function flowControlFilter(context) {
      if (context.credential.kind === 'loopback') return next(context)
      if (isLongRunning(context.info) && context.info.verb !== 'watch') return next(context)
      const placement = flow.place(context)
      context.flow = uidsOf(placement)
      const kind = readVerbs.has(context.info.verb) ? 'readOnly' : 'mutating'
      const asked = flow.enter(context, placement)
      const ticket = asked instanceof Promise ? await counted(gauges[kind].waiting, asked) : asked
      if (typeof ticket === 'string') {
        // Who left does not come again.
        const retryAfter = ticket === 'cancelled' ? 1 : retry.dropped(placement.level.name)
        return sentAway(context, ports, retryAfter)
      }
      gauges[kind].running.add(1)
      try {
        return await next(context)
      } finally {
        gauges[kind].running.add(-1)
        flow.leave(placement, ticket)
      }
    }
}

/** Gauges of now and times over all, for each kind of request. */
function kindGauges(flow: FlowControl, { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>) {
  const of = (spec: MetricSpec, kind: string, time: TimedRatio) => {
    const gauge = metrics.gauge(spec).with(kind)
    return {
      add(by: number) {
        gauge.add(by)
        time.add(by, clock.monotonicMs())
      },
    }
  }
  const both = (kind: 'readOnly' | 'mutating') => {
    const { executing, waiting } = kindTimes(metrics, kind, clock.monotonicMs())
    metrics.onRead(() => {
      const nowMs = clock.monotonicMs()
      executing.setWhole(flow.totalSeats, nowMs)
      waiting.setWhole(
        flow.levels().reduce((sum, level) => sum + waitingMax(level), 0),
        nowMs,
      )
    })
    return { running: of(inFlight, kind, executing), waiting: of(inQueue, kind, waiting) }
  }
  return { readOnly: both('readOnly'), mutating: both('mutating') }
}

async function counted<T>(gauge: { add(by: number): void }, work: Promise<T>): Promise<T> {
  gauge.add(1)
  try {
    return await work
  } finally {
    gauge.add(-1)
  }
}

function uidsOf({ schema, level }: Placement): NonNullable<RequestContext['flow']> {
  return { schemaUid: schema.metadata.uid ?? '', levelUid: level.config.metadata.uid ?? '' }
}

/** The plain page that upstream answers with. */
function sentAway(
  context: RequestContext,
  { metrics }: Pick<Ports, 'metrics'>,
  retryAfterSeconds: number,
): Response {
  const labels = context.info.isResourceRequest ? labelsOf(context) : noLabels(context.info)
  metrics
    .counter(terminations)
    .with(reportedVerb(context), ...labels, '429')
    .inc()
  return {
    kind: 'raw',
    status: 429,
    contentType: 'text/plain; charset=utf-8',
    headers: { 'retry-after': String(retryAfterSeconds), 'x-content-type-options': 'nosniff' },
    body: 'Too many requests, please try again later.\n',
  }
}

function noLabels({ path }: RequestInfo): string[] {
  return ['', '', '', path, '', 'apiserver']
}
