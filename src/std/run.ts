import type { Ports, Runnable } from './ports.ts'
import { whenAborted } from './sleep.ts'

/** One component and the name that its log lines and failures carry. */
export interface NamedRunnable {
  readonly name: string
  readonly run: Runnable
}

/**
 * Runs components together. Aborting `signal` stops them in reverse order, each one fully stopped before
 * the one that it was started after; the first failure stops the others and is thrown at the end.
 */
export async function runAll(
  parts: readonly NamedRunnable[],
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const failure = Promise.withResolvers<void>()
  const started = parts.map(({ name, run }) => {
    const stop = new AbortController()
    const start = async () => run({ ...ports, log: ports.log.with({ component: name }) }, stop.signal)
    const done = start().catch(error => {
      ports.log.error(`${name} failed`, { error: String(error) })
      failure.reject(error)
    })
    return { stop, done }
  })
  try {
    await Promise.race([whenAborted(signal), failure.promise])
  } finally {
    for (const { stop, done } of started.toReversed()) {
      stop.abort()
      await done
    }
  }
}
