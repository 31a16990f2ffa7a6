import { tooManyRequests } from '../../machinery/status/errors.ts'
import type { Filter, RequestInfo } from '../context.ts'
import { isLongRunning } from './timeout.ts'

/** How many requests may be in work at once (upstream's --max-requests-inflight and its mutating twin). */
export interface FlowLimits {
  readonly readInFlightMax: number
  readonly mutatingInFlightMax: number
}

export const defaultFlowLimits: FlowLimits = { readInFlightMax: 400, mutatingInFlightMax: 200 }

const readVerbs = new Set(['get', 'list', 'watch', 'head', 'options'])
/** Members of this group are never turned away: a cluster that is too busy must still be mendable. */
const privilegedGroup = 'system:masters'

/** Refuses with 429 and Retry-After what exceeds the limits; long-running requests are not counted. */
export function controlFlow(limits: FlowLimits): Filter {
  const inFlight = { read: 0, mutating: 0 }
  return next =>
    async function flowControlFilter(context) {
      const { credential, info, user } = context
      if (credential.kind === 'loopback' || isLongRunning(info)) return next(context)
      const lane = laneOf(info)
      const max = lane === 'read' ? limits.readInFlightMax : limits.mutatingInFlightMax
      if (inFlight[lane] >= max && !user.groups.includes(privilegedGroup)) {
        throw tooManyRequests('Too many requests, please try again later.', 1)
      }
      inFlight[lane]++
      try {
        return await next(context)
      } finally {
        inFlight[lane]--
      }
    }
}

function laneOf(info: RequestInfo): 'read' | 'mutating' {
  return readVerbs.has(info.verb) ? 'read' : 'mutating'
}
