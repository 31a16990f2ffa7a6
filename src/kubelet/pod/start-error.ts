/** A container could not be started. `reason` is what its waiting state shows. */
export class StartError extends Error {
  override name = 'StartError'
  readonly reason: string
  readonly retryAfterMs: number
  constructor(reason: string, message: string, retryAfterMs = startRetryMs) {
    super(message)
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** How soon a failed step is tried again (upstream kubelet backOffPeriod). */
export const startRetryMs = 10_000
