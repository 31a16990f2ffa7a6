import { parseDuration } from '../../machinery/codec/duration.ts'
import { DecodeError } from '../../machinery/codec/errors.ts'
import { badRequest, requestTimeout } from '../../machinery/status/errors.ts'
import { createDeadlines } from '../../std/deadlines.ts'
import type { Clock } from '../../std/ports.ts'
import type { Filter, RequestInfo, Response } from '../context.ts'

const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

/** Requests that live as long as their client wants (upstream's BasicLongRunningRequestCheck). */
export function isLongRunning(info: RequestInfo): boolean {
  if (!info.isResourceRequest) return info.path.startsWith('/debug/pprof/')
  return info.verb === 'watch' || info.verb === 'proxy' || longRunningSubresources.has(info.subresource)
}

/** Answers 504 when a request that should be short is not done after `limitMs`, or sooner when the client asks for that. */
export function limitTime(clock: Clock, limitMs: number): Filter {
  const withinLimit = createDeadlines(clock, limitMs)
  return next =>
    function timeoutFilter(context) {
      if (isLongRunning(context.info)) return next(context)
      const ms = context.query.size === 0 ? limitMs : Math.min(limitMs, askedMs(context.query, limitMs))
      if (ms < 1) throw requestTimeout()
      if (ms < limitMs) context.limitMs = ms
      const { promise, resolve, reject } = Promise.withResolvers<Response>()
      const giveUp = () => reject(requestTimeout())
      const cancel = ms === limitMs ? withinLimit(giveUp) : clock.setTimer(ms, giveUp)
      next(context).then(resolve, reject)
      return promise.finally(cancel)
    }
}

/** `?timeout=`; nothing and less than nothing count as no wish (apiserver pkg/endpoints/filters/request_deadline.go). */
function askedMs(query: URLSearchParams, limitMs: number): number {
  const asked = query.get('timeout')
  if (!asked) return limitMs
  try {
    const ms = Number(parseDuration(asked)) / 1e6
    return ms > 0 ? ms : limitMs
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw badRequest(`invalid timeout specified in the request URL - ${error.message}`)
  }
}
