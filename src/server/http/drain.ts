import type { Clock } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'

/**
 * How a server leaves (apiserver pkg/server, graceful termination): first `/readyz` fails while everything is still
 * served, after the delay new requests are sent away, then what is in work is waited for.
 */
export interface Drain {
  /** The server was told to stop: load balancers shall look elsewhere. */
  isLeaving(): boolean
  /** New requests are refused with 429, health and metrics excepted. */
  isClosed(): boolean
  /** Counts one request that is waited for; the result ends it. */
  enter(): () => void
  /** Starts to leave; the delay runs from the first call. */
  begin(): void
  /** Begins, and resolves when the delay is over: from then on new requests are refused. */
  close(): Promise<void>
  /** Resolves when nothing that was entered is left, at most after `graceMs`. */
  empty(graceMs: number): Promise<void>
}

export function createDrain(clock: Clock, delayMs: number): Drain {
  let leaving: Promise<void> | undefined
  let closed = false
  let inWork = 0
  const lastLeft = Promise.withResolvers<void>()
  const begin = () => {
    leaving ??= (delayMs > 0 ? sleep(clock, delayMs) : Promise.resolve()).then(() => {
      closed = true
    })
    return leaving
  }
  return {
    isLeaving: () => leaving !== undefined,
    isClosed: () => closed,
    enter() {
      inWork++
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        if (--inWork === 0 && closed) lastLeft.resolve()
      }
    },
    begin: () => void begin(),
    close: begin,
    async empty(graceMs) {
      if (inWork === 0) return
      const late = Promise.withResolvers<void>()
      const cancel = clock.setTimer(graceMs, late.resolve)
      await Promise.race([lastLeft.promise, late.promise])
      cancel()
    },
  }
}

const exemptPrefixes = ['/readyz', '/livez', '/healthz', '/metrics']

/** Whether a request is answered even when the server is about to go. */
export function isExemptFromDrain(path: string): boolean {
  return exemptPrefixes.some(prefix => path.startsWith(prefix))
}

export const leavingText = 'The apiserver is shutting down, please try again later.\n'
