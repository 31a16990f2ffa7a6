import type { Cancel, Ports } from '../../std/ports.ts'
import { createTokenBucket } from '../../std/token-bucket.ts'
import { auditErrors } from './errors.ts'
import type { AuditEvent } from './event.ts'

/** How events reach a backend (kube-apiserver --audit-log-mode, --audit-webhook-mode). */
export const auditModes = ['batch', 'blocking', 'blocking-strict'] as const
export type AuditMode = (typeof auditModes)[number]

/** What `batch` means; names and meanings are those of the flags of kube-apiserver. */
export interface BatchOptions {
  /** Events that may wait; what comes beyond is lost and counted. */
  readonly bufferMax: number
  readonly batchMax: number
  /** A batch that is not full goes after so long. */
  readonly waitMaxMs: number
  /** Bytes of one batch, where it has more than one event. */
  readonly bytesMax?: number
  /** Batches; absent: as many as there are. */
  readonly throttle?: { readonly perSecond: number; readonly burst: number }
}

export interface Batches {
  add(event: AuditEvent): void
  /** Delivers what waits, without throttling. */
  close(): Promise<void>
}

/** Gathers events and delivers one batch at a time, in order (apiserver plugin/pkg/audit/buffered). */
export function batchEvents(
  deliver: (batch: readonly AuditEvent[]) => Promise<unknown>,
  options: BatchOptions,
  ports: Pick<Ports, 'clock' | 'metrics'>,
): Batches {
  const { bufferMax, batchMax, waitMaxMs, bytesMax = Number.POSITIVE_INFINITY } = options
  const lost = ports.metrics.counter(auditErrors).with('buffered')
  const closing = new AbortController()
  const admitted = admission(options, ports, closing.signal)
  let waiting: AuditEvent[] = []
  let cancelTimer: Cancel | undefined
  let sending: Promise<void> | undefined
  const sendAll = async () => {
    while (waiting.length > 0) {
      await admitted()
      const batch = firstOf(waiting, batchMax, bytesMax)
      waiting = waiting.slice(batch.length)
      await deliver(batch)
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
    add(event) {
      if (waiting.length >= bufferMax) return lost.inc()
      waiting.push(event)
      if (waiting.length >= batchMax) void flush()
      else cancelTimer ??= ports.clock.setTimer(waitMaxMs, () => void flush())
    },
    async close() {
      closing.abort()
      await flush()
    },
  }
}

function firstOf(waiting: readonly AuditEvent[], batchMax: number, bytesMax: number): AuditEvent[] {
  if (bytesMax === Number.POSITIVE_INFINITY) return waiting.slice(0, batchMax)
  let bytes = 0
  const end = waiting.findIndex((event, index) => {
    bytes += Buffer.byteLength(JSON.stringify(event))
    return index >= batchMax || (index > 0 && bytes > bytesMax)
  })
  return waiting.slice(0, end < 0 ? batchMax : end)
}

/** Resolves when another batch may go; at once when everything has to. */
function admission(
  { throttle }: BatchOptions,
  { clock }: Pick<Ports, 'clock'>,
  closing: AbortSignal,
): () => Promise<void> {
  if (!throttle) return async () => {}
  const bucket = createTokenBucket(clock, throttle)
  const stepMs = Math.max(1, Math.ceil(1000 / throttle.perSecond))
  return async () => {
    while (!closing.aborted && !bucket.take()) await pause(clock, stepMs, closing)
  }
}

/** Resolves after so long, or when `signal` is aborted. */
export function pause(
  clock: Pick<Ports['clock'], 'setTimer'>,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.setTimer(ms, resolve)
  const stop = () => resolve()
  signal.addEventListener('abort', stop, { once: true })
  return promise.finally(() => {
    cancel()
    signal.removeEventListener('abort', stop)
  })
}
