import type { Reply } from './exchange.ts'

/** When nobody waits for an answer any more. */
export interface Departure {
  /** Aborts when the client goes away or the server stops; made when it is first asked for, which is seldom. */
  readonly signal: () => AbortSignal
  /** The answer is out. */
  end(): void
}

export function departureOf(response: Reply, stopping: AbortSignal): Departure {
  let controller: AbortController | undefined
  let isGone = false
  const leave = () => {
    isGone = true
    controller?.abort()
  }
  response.on('close', leave)
  return {
    signal() {
      if (controller) return controller.signal
      controller = new AbortController()
      if (isGone || stopping.aborted) controller.abort()
      else stopping.addEventListener('abort', leave, { once: true })
      return controller.signal
    },
    end() {
      if (controller) stopping.removeEventListener('abort', leave)
    },
  }
}
