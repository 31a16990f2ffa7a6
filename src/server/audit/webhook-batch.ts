import type { Cancel, Ports } from '../../std/ports.ts'
import type { AuditEvent } from './event.ts'
import type { AuditBackend } from './log-file.ts'
import { auditErrors } from './truncate.ts'

export interface AuditWebhookOptions {
  /** `blocking`: each event is sent by itself while its request waits; `blocking-strict`: and fails when it is lost. */
  readonly mode: AuditMode
  /** POSTs a list of events; what it rejects with says `retriable` when another try may help. */
  readonly post: (events: object, timeoutMs: number) => Promise<unknown>
  /** Events that may wait; what comes beyond is lost and counted. */
  readonly bufferMax: number
  readonly batchMax: number
  readonly waitMaxMs: number
  /** Pause before the first of the further tries. */
  readonly backoffMs: number
}

/** How events reach a backend (kube-apiserver --audit-webhook-mode). */
export const auditModes = ['batch', 'blocking', 'blocking-strict'] as const
export type AuditMode = (typeof auditModes)[number]

const timeoutMs = 30_000
const triesMax = 5
const backoffFactor = 1.5

/**
 * Sends events in batches, one batch at a time, in order; a batch that cannot be sent is tried again a few times and
 * then lost, never the request that it tells of (apiserver plugin/pkg/audit/webhook and buffered).
 */
export function createAuditWebhook(options: AuditWebhookOptions, ports: Ports): AuditBackend {
  const lost = ports.metrics.counter(auditErrors).with('webhook')
  let waiting: AuditEvent[] = []
  let cancelTimer: Cancel | undefined
  let sending: Promise<void> | undefined
  const closing = new AbortController()
  const sendAll = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, options.batchMax)
      waiting = waiting.slice(batch.length)
      await send(batch)
    }
  }
  /** Whether they arrived. */
  const send = (batch: AuditEvent[]): Promise<boolean> =>
    deliver(batch).then(
      () => true,
      error => {
        lost.inc(batch.length)
        ports.log.error('audit events were lost', { events: batch.length, error: String(error) })
        return false
      },
    )
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
      if (options.mode !== 'batch') return send([event]).then(isSent => isSent || options.mode === 'blocking')
      if (waiting.length >= options.bufferMax) {
        lost.inc()
        return undefined
      }
      waiting.push(event)
      if (waiting.length >= options.batchMax) void flush()
      else cancelTimer ??= ports.clock.setTimer(options.waitMaxMs, () => void flush())
      return undefined
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
