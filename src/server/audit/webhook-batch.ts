import type { Ports } from '../../std/ports.ts'
import { type AuditMode, type BatchOptions, batchEvents, pause } from './batch.ts'
import { auditErrors } from './errors.ts'
import type { AuditEvent } from './event.ts'
import type { AuditBackend } from './log-file.ts'

export interface AuditWebhookOptions {
  /** `blocking`: each event is sent by itself while its request waits; `blocking-strict`: and fails when it is lost. */
  readonly mode: AuditMode
  /** POSTs a list of events; what it rejects with says `retriable` when another try may help. */
  readonly post: (events: object, timeoutMs: number) => Promise<unknown>
  readonly batch: BatchOptions
  /** Pause before the first of the further tries. */
  readonly backoffMs: number
}

const timeoutMs = 30_000
const triesMax = 5
const backoffFactor = 1.5

/**
 * Sends events; a batch that cannot be sent is tried again a few times and then lost, never the request that it tells of
 * (apiserver plugin/pkg/audit/webhook).
 */
export function createAuditWebhook(options: AuditWebhookOptions, ports: Ports): AuditBackend {
  const lost = ports.metrics.counter(auditErrors).with('webhook')
  const closing = new AbortController()
  const deliver = async (items: readonly AuditEvent[]) => {
    const body = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items }
    for (let attempt = 1; ; attempt++) {
      try {
        await options.post(body, timeoutMs)
        return
      } catch (error) {
        if (attempt >= triesMax || closing.signal.aborted || !isPassing(error)) throw error
        await pause(ports.clock, options.backoffMs * backoffFactor ** (attempt - 1), closing.signal)
      }
    }
  }
  /** Whether they arrived. */
  const send = (batch: readonly AuditEvent[]): Promise<boolean> =>
    deliver(batch).then(
      () => true,
      error => {
        lost.inc(batch.length)
        ports.log.error('audit events were lost', { events: batch.length, error: String(error) })
        return false
      },
    )
  const batches = batchEvents(send, options.batch, ports)
  return {
    sink(event) {
      if (options.mode !== 'batch') return send([event]).then(isSent => isSent || options.mode === 'blocking')
      batches.add(event)
      return undefined
    },
    async close() {
      closing.abort()
      await batches.close()
    },
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof Error && (error as { retriable?: boolean }).retriable === true
}
