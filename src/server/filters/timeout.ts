import { timeout } from '../../machinery/status/errors.ts'
import type { Clock } from '../../std/ports.ts'
import type { Filter, RequestInfo } from '../context.ts'

const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

/** Requests that live as long as their client wants (upstream's BasicLongRunningRequestCheck). */
export function isLongRunning(info: RequestInfo): boolean {
  if (!info.isResourceRequest) return false
  return info.verb === 'watch' || info.verb === 'proxy' || longRunningSubresources.has(info.subresource)
}

/** Answers 504 when a request that should be short is not done after `limitMs`. */
export function limitTime(clock: Clock, limitMs: number): Filter {
  return next =>
    function timeoutFilter(context) {
      if (isLongRunning(context.info)) return next(context)
      const late = Promise.withResolvers<never>()
      const cancel = clock.setTimer(limitMs, () => {
        late.reject(timeout('request did not complete within the allotted timeout'))
      })
      return Promise.race([next(context), late.promise]).finally(cancel)
    }
}
