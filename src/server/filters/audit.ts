import { StatusError } from '../../machinery/status/status.ts'
import type { Clock } from '../../std/ports.ts'
import type { Filter, RequestInfo, UserInfo } from '../context.ts'

/** One finished request, as an audit log would keep it. */
export interface AuditEvent {
  readonly auditId: string
  readonly user: UserInfo
  readonly info: RequestInfo
  readonly sourceIp: string
  readonly userAgent: string
  readonly code: number
  readonly durationMs: number
}

export type AuditSink = (event: AuditEvent) => void

/** Tells `sink` about each request once it is answered; long-running ones when they start to be served. */
export function audit(sink: AuditSink | undefined, clock: Clock): Filter {
  if (!sink) return next => next
  return next =>
    async function auditFilter(context) {
      const startMs = clock.monotonicMs()
      const tell = (code: number) =>
        sink({
          auditId: context.auditId,
          user: context.user,
          info: context.info,
          sourceIp: context.sourceIp,
          userAgent: context.userAgent,
          code,
          durationMs: clock.monotonicMs() - startMs,
        })
      try {
        const response = await next(context)
        tell('status' in response ? response.status : 200)
        return response
      } catch (error) {
        tell(error instanceof StatusError ? error.code : 500)
        throw error
      }
    }
}
