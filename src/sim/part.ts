import type { Ports, Runnable } from '../std/ports.ts'

/** A component that can be killed and started again, like a process. */
export interface Part {
  start(): void
  /** Ends it as kill -9 would: what it had asked for may still happen, but it hears no answer. */
  kill(): void
  readonly isUp: () => boolean
  /** Failures that it could not mend itself; there must be none. */
  readonly failures: readonly string[]
}

/** `make` is given the signal after which nothing reaches the component any more. */
export function createPart(ports: Ports, make: (killed: AbortSignal) => Runnable): Part {
  let life: AbortController | undefined
  const failures: string[] = []
  return {
    failures,
    isUp: () => life !== undefined,
    start() {
      if (life) return
      const own = new AbortController()
      life = own
      make(own.signal)(ports, own.signal).then(
        () => own.signal.aborted || failures.push('ended by itself'),
        error => failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      )
    },
    kill() {
      life?.abort()
      life = undefined
    },
  }
}
