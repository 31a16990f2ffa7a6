import { internalError } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import type { MetricSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import { type AuditedRequest, type AuditSink, auditEvent } from '../audit/event.ts'
import { type AuditPolicy, type AuditStage, evaluatePolicy } from '../audit/policy.ts'
import type { Filter, RequestContext, Response, UserInfo } from '../context.ts'
import { isLongRunning } from './timeout.ts'

/** What is written down, and where. */
export interface Auditing {
  /** As it is now: its file may change. */
  readonly policy: () => AuditPolicy
  readonly sink: AuditSink
}

const eventTotal: MetricSpec = {
  name: 'apiserver_audit_event_total',
  help: 'Audit events made.',
  stability: 'ALPHA',
}
const levelTotal: MetricSpec = {
  name: 'apiserver_audit_level_total',
  help: 'Requests by the level that the audit policy has for them.',
  labels: ['level'],
  stability: 'ALPHA',
}

const rejectedTotal: MetricSpec = {
  name: 'apiserver_audit_requests_rejected_total',
  help: 'Requests that were turned away because their audit event could not be stored.',
  stability: 'ALPHA',
}

/**
 * Writes each request down as the policy wants it, at each of its stages (apiserver pkg/endpoints/filters/audit.go).
 * The last stage is told when the answer is out.
 */
export function audit(auditing: Auditing | undefined, ports: Ports): Filter {
  // Told from the start, as upstream: dashboards ask whether nothing was turned away.
  for (const spec of [eventTotal, rejectedTotal]) ports.metrics.counter(spec).with()
  if (!auditing) return next => next
  const { policy } = auditing
  const levels = ports.metrics.counter(levelTotal)
  return next =>
    async function auditFilter(context) {
      const scope = evaluatePolicy(policy(), context.user, context.info)
      levels.with(scope.level).inc()
      if (scope.level === 'None') return next(context)
      const request: AuditedRequest = { context, scope, user: context.user, receivedMs: ports.clock.nowMs() }
      const tell = teller(auditing, ports)
      const stored = tell(request, 'RequestReceived')
      if (stored && !(await stored)) throw notStored(ports)
      let known: Omit<NonNullable<AuditedRequest['ending']>, 'code'> = {}
      const before = context.done
      context.done = (code, bytes) => {
        before?.(code, bytes)
        const panicked = known.error !== undefined && !(known.error instanceof StatusError)
        tell({ ...request, ending: { ...known, code } }, panicked ? 'Panic' : 'ResponseComplete')
      }
      try {
        const response = await next(context)
        known = { response }
        if (isLongRunning(context.info))
          await tell({ ...request, ending: { ...known, code: startedWith(response) } }, 'ResponseStarted')
        return response
      } catch (error) {
        known = { error }
        // Its answer starts, too; what broke here has no answer yet.
        if (isLongRunning(context.info) && error instanceof StatusError)
          await tell({ ...request, ending: { ...known, code: error.code } }, 'ResponseStarted')
        throw error
      }
    }
}

function startedWith(response: Response): number {
  return response.kind === 'raw' ? response.status : 200
}

/** Writes down a request whose credential nobody vouches for: the one stage that upstream has for it. */
export function auditStranger(auditing: Auditing | undefined, ports: Ports) {
  if (!auditing) return undefined
  return (context: RequestContext, error: StatusError): void => {
    const scope = evaluatePolicy(auditing.policy(), undefined, context.info)
    if (scope.level === 'None') return
    const request = {
      context,
      scope,
      user: undefined as UserInfo | undefined,
      receivedMs: ports.clock.nowMs(),
    }
    const told = new StatusError({ ...error.status, message: attempted(context) })
    teller(auditing, ports)({ ...request, ending: { error: told, code: 401 } }, 'ResponseStarted')
  }
}

function attempted({ credential: { kind } }: RequestContext): string {
  if (kind === 'anonymous') return 'Authentication failed, no credentials provided'
  return `Authentication failed, attempted: ${kind === 'bearer' ? 'bearer' : 'x509'}`
}

function teller({ sink }: Auditing, { clock, metrics }: Ports) {
  const total = metrics.counter(eventTotal).with()
  return (request: AuditedRequest, stage: AuditStage): ReturnType<AuditSink> => {
    if (request.scope.omitStages.includes(stage)) return undefined
    total.inc()
    return sink(auditEvent(request, stage, clock))
  }
}

/** What must be written down and cannot be is not done. */
function notStored({ metrics }: Ports): StatusError {
  metrics.counter(rejectedTotal).with().inc()
  return internalError('failed to store audit event')
}
