import type { Ports } from '../../std/ports.ts'
import { auditErrors } from './errors.ts'
import type { AuditEvent, AuditSink } from './event.ts'
import type { AuditBackend } from './log-file.ts'

type Sized = AuditEvent & { readonly annotations?: Readonly<Record<string, string>> }

/**
 * Events beyond `bytesMax` are passed on without their request and answer, and lost when they are too large even then
 * (apiserver plugin/pkg/audit/truncate).
 */
export function truncateEvents(
  { sink, close }: AuditBackend,
  bytesMax: number,
  { metrics, log }: Pick<Ports, 'metrics' | 'log'>,
): AuditBackend {
  const lost = metrics.counter(auditErrors).with('truncate')
  const fits = (event: AuditEvent) => Buffer.byteLength(JSON.stringify(event)) <= bytesMax
  const pass: AuditSink = event => {
    if (fits(event)) return sink(event)
    const less = withoutContent(event)
    if (fits(less)) return sink(less)
    lost.inc()
    log.error('an audit event is too large even without its content', { auditID: event.auditID })
    return undefined
  }
  return { sink: pass, close }
}

function withoutContent(event: Sized): AuditEvent {
  const { requestObject: _request, responseObject: _response, ...rest } = event
  const annotations = { ...event.annotations, 'audit.k8s.io/truncated': 'true' }
  return { ...rest, annotations } as AuditEvent
}
