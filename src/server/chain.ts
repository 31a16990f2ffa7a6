import type { Ports } from '../std/ports.ts'
import type { Authenticator, Authorizer, Filter, Handler } from './context.ts'
import { type Auditing, audit, auditStranger } from './filters/audit.ts'
import { authenticate } from './filters/authentication.ts'
import { authorize } from './filters/authorization.ts'
import { controlFlow } from './filters/flow-control.ts'
import { impersonate } from './filters/impersonation.ts'
import { panicGuard } from './filters/panic-guard.ts'
import { receiveBody } from './filters/receive-body.ts'
import { limitTime } from './filters/timeout.ts'
import type { FlowControl } from './flow/flow-control.ts'
import { measureFilters } from './metrics/measure-filters.ts'
import { measureRequests } from './metrics/measure-requests.ts'
import { traceFilter, traceRequests, traceVerbs } from './tracing/trace-requests.ts'
import type { Tracing } from './tracing/tracing.ts'

export interface ChainParts {
  readonly ports: Ports
  readonly authenticator: Authenticator
  /** Default: every path; what the anonymous may do there is the authorizer's matter. */
  readonly allowsAnonymous?: (path: string) => boolean
  /** Headers besides the usual that end here; default: none. */
  readonly isProxyClaim?: ((header: string) => boolean) | undefined
  readonly authorizer: Authorizer
  /** Absent: nothing is written down. */
  readonly auditing?: Auditing
  readonly flow: FlowControl
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
  /** Acting as another user may be allowed for some requests (KEP-5284). Default: not, as upstream. */
  readonly constrainsImpersonation?: boolean
  /** Default 60 s, as upstream's --request-timeout. */
  readonly requestTimeoutMs?: number
  /** Routes the request: admission, strategy and storage for resources, hono's routes for other paths. */
  readonly dispatch: Handler
}

/** Upstream's --request-timeout. */
export const requestTimeoutMs = 60_000

/**
 * Every request of every component passes these links from top to bottom, over the wire or in process.
 * Request info and audit id are settled by the transports before; admission runs in `dispatch`, where the object is
 * known.
 */
export function createChain(parts: ChainParts): Handler {
  const { ports, authorizer, tracing } = parts
  const measured = measureFilters(ports)
  const link = (name: string, filter: Filter) =>
    measured(name, tracing ? traceFilter(tracing, name, filter) : filter)
  const { constrainsImpersonation = false } = parts
  const dispatch = tracing ? traceVerbs(tracing, parts.dispatch) : parts.dispatch
  const filters: readonly Filter[] = [
    measureRequests(ports),
    panicGuard(ports.log),
    limitTime(ports.clock, parts.requestTimeoutMs ?? requestTimeoutMs),
    measured(
      'authentication',
      authenticate({
        authenticator: parts.authenticator,
        metrics: ports.metrics,
        clock: ports.clock,
        allowsAnonymous: parts.allowsAnonymous,
        isProxyClaim: parts.isProxyClaim,
        onStranger: auditStranger(parts.auditing, ports),
      }),
    ),
    ...(tracing ? [traceRequests(tracing)] : []),
    link('audit', audit(parts.auditing, ports)),
    link(
      constrainsImpersonation ? 'constrainedimpersonation' : 'impersonation',
      impersonate(authorizer, constrainsImpersonation),
    ),
    link('priorityandfairness', controlFlow(parts.flow, ports)),
    link('authorization', authorize(authorizer, ports)),
    receiveBody,
  ]
  return filters.reduceRight((next, filter) => filter(next), dispatch)
}
