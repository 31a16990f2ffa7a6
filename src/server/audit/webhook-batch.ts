import type { MetricSpec } from '../../std/metrics.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { AuditEvent } from './event.ts'
import type { AuditBackend } from './log-file.ts'

export interface AuditWebhookOptions {
  /** POSTs a list of events; what it rejects with says `retriable` when another try may help. */
  readonly post: (events: object, timeoutMs: number) => Promise<unknown>
  /** Events that may wait; what comes beyond is lost and counted. */
  readonly bufferMax: number
  readonly batchMax: number
  readonly waitMaxMs: number
  /** Pause before the first of the further tries. */
  readonly backoffMs: number
}

const errorTotal: MetricSpec = {
  name: 'apiserver_audit_error_total',
  help: 'Audit events that a backend lost.',
  labels: ['plugin'],
  stability: 'ALPHA',
}
const timeoutMs = 30_000
const triesMax = 5
const backoffFactor = 1.5

/**
 * Sends events in batches, one batch at a time, in order; a batch that cannot be sent is tried again a few times and
 * then lost, never the request that it tells of (apiserver plugin/pkg/audit/webhook and buffered).
 */
export function createAuditWebhook(options: AuditWebhookOptions, ports: Ports): AuditBackend {
  const lost = ports.metrics.counter(errorTotal).with('webhook')
  let waiting: AuditEvent[] = []
  let cancelTimer: Cancel | undefined
  let sending: Promise<void> | undefined
  const closing = new AbortController()
  const sendAll = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, options.batchMax)
      waiting = waiting.slice(batch.length)
      await deliver(batch).catch(error => {
        lost.inc(batch.length)
        ports.log.error('audit events were lost', { events: batch.length, error: String(error) })
      })
    }
  }
  const deliver = async (items: AuditEvent[]) => {
    const body = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items }
    for (let attempt = 1; ; attempt++) {
      try {
        await options.post(body, timeoutMs)
        return
      } catch (error) {
        if (attempt >= triesMax || closing.signal.aborted || !isPassing(error)) throw error
        await pause(ports, options.backoffMs * backoffFactor ** (attempt - 1), closing.signal)
      }
    }
  }
  const flush = () => {
    cancelTimer?.()
    cancelTimer = undefined
    sending ??= sendAll().finally(() => {
      sending = undefined
    })
    return sending
  }
  return {
    sink(event) {
      if (waiting.length >= options.bufferMax) {
        lost.inc()
        return
      }
      waiting.push(event)
      if (waiting.length >= options.batchMax) void flush()
      else cancelTimer ??= ports.clock.setTimer(options.waitMaxMs, () => void flush())
    },
    async close() {
      closing.abort()
      await flush()
    },
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof Error && (error as { retriable?: boolean }).retriable === true
}

function pause({ clock }: Ports, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.setTimer(ms, resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(cancel)
}
