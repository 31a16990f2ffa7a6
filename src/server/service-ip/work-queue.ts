import type { Cancel, Ports } from '../../std/ports.ts'

/** Pieces of work by key, one after the other; a key that waits is not added twice. */
export interface WorkQueue {
  add(key: string, work: () => Promise<void>): void
  /** Adds it after a while; a later call for the same key goes before an earlier one. */
  later(delayMs: number, key: string, work: () => Promise<void>): void
}

/** Upstream's maxRetries of the repair loops. */
const retriesMax = 15
const retryMs = 1_000

/** Failed work is tried again, ever more slowly; nothing runs once `signal` aborts. */
export function createWorkQueue(
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
  signal: AbortSignal,
): WorkQueue {
  const waiting = new Map<string, () => Promise<void>>()
  const timers = new Map<string, Cancel>()
  const failures = new Map<string, number>()
  let isRunning = false
  const run = async () => {
    for (const [key, work] of waiting) {
      if (signal.aborted) return
      waiting.delete(key)
      try {
        await work()
        failures.delete(key)
      } catch (error) {
        retry(key, work, error)
      }
    }
  }
  const start = () => {
    if (isRunning) return
    isRunning = true
    queueMicrotask(() =>
      run().finally(() => {
        isRunning = false
        if (waiting.size > 0 && !signal.aborted) start()
      }),
    )
  }
  const queue: WorkQueue = {
    add(key, work) {
      if (signal.aborted) return
      waiting.set(key, work)
      start()
    },
    later(delayMs, key, work) {
      timers.get(key)?.()
      if (signal.aborted) return
      const cancel = clock.setTimer(delayMs, () => {
        timers.delete(key)
        queue.add(key, work)
      })
      timers.set(key, cancel)
    },
  }
  const retry = (key: string, work: () => Promise<void>, error: unknown) => {
    if (signal.aborted) return
    const count = (failures.get(key) ?? 0) + 1
    failures.set(key, count)
    if (count <= retriesMax) return queue.later(retryMs * count, key, work)
    failures.delete(key)
    log.warn('a service address could not be repaired', { key, error: String(error) })
  }
  signal.addEventListener('abort', () => {
    for (const cancel of timers.values()) cancel()
    timers.clear()
  })
  return queue
}
