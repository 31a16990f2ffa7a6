import { StatusError } from '../../machinery/status/status.ts'
import type { Ports } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'

const delayMinMs = 500
const delayMaxMs = 15_000

/**
 * Tries until it succeeds, for ever, while the server is away or too busy; what it refuses is thrown at once.
 * Undefined when `signal` aborts first.
 */
export async function patiently<T>(
  what: string,
  attempt: () => Promise<T>,
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<T | undefined> {
  for (let delayMs = delayMinMs; !signal.aborted; delayMs = Math.min(delayMs * 2, delayMaxMs)) {
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted) return undefined
      if (!isPassing(error)) throw error
      log.warn(`${what}: trying again`, { error: String(error), delayMs })
    }
    await sleep(clock, delayMs, signal)
  }
  return undefined
}

/** The server, or the way to it, may answer differently later. */
class PassingError extends Error {
  override name = 'PassingError'
}

function isPassing(error: unknown): boolean {
  if (error instanceof PassingError) return true
  return error instanceof StatusError && (error.code >= 500 || error.code === 429)
}

/** A GET of a path that is no resource. Rejects with the status code in words; passing troubles are told as such. */
export async function fetchPath(
  url: string,
  tls: {
    readonly ca?: string
    readonly cert?: string
    readonly key?: string
    readonly rejectUnauthorized?: boolean
  },
): Promise<{ readonly code: number; readonly text: string }> {
  const answer = await fetch(url, { tls, keepalive: false } as RequestInit).catch((error: unknown) => {
    throw new PassingError(`${url}: ${String(error)}`)
  })
  const text = await answer.text()
  if (answer.status >= 500 || answer.status === 429)
    throw new PassingError(`${url} answered ${answer.status}`)
  return { code: answer.status, text }
}
