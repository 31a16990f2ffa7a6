import type { Metrics } from './metrics.ts'

/**
 * Time, chance and the outside are arguments. A component receives `Ports` and touches nothing else,
 * so a whole cluster runs in one test, in virtual time, from one seed. `real-ports.ts` is the only
 * file below `cmd/` that may name `Date`, `setTimeout`, `Math.random` or `crypto`.
 */
export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** One registry for all components of a process; `/metrics` of the API server tells it. */
  readonly metrics: Metrics
}

/** Wall time orders nothing and expires nothing early: durations are measured on `monotonicMs`. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as a user's watch shows it. May jump. */
  nowMs(): number
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number
  /** Calls `fn` once after `delayMs`. The returned function cancels; calling it twice is harmless. */
  setTimer(delayMs: number, fn: () => void): Cancel
}

export type Cancel = () => void

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  bytes(length: number): Uint8Array
  uuid(): string
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger whose every line carries these fields. */
  with(fields: LogFields): Logger
}

/**
 * A component. Resolves once `signal` aborts and everything it opened is closed; rejects on a failure
 * that it cannot mend itself. `runAll` starts in order and stops in reverse.
 */
export type Runnable = (ports: Ports, signal: AbortSignal) => Promise<void>
