import type { ApiServerOptions } from '../../server/server.ts'
import { durationMs } from '../flag-makers.ts'
import type { FlagReader } from '../server-flags.ts'

export type Pace = ReturnType<typeof paceOf>

/** How much the API server does at a time, and for how long, under its own words: another such flag is a line here. */
export function paceOf(flags: FlagReader) {
  return {
    requestSeats: flags.integer('max-requests-inflight') + flags.integer('max-mutating-requests-inflight'),
    requestTimeoutMs: durationMs(flags.text('request-timeout')),
    watchTimeoutMinMs: flags.integer('min-request-timeout') * 1000,
    livezGraceMs: durationMs(flags.text('livez-grace-period')),
    shutdownDelayMs: durationMs(flags.text('shutdown-delay-duration')),
    shutdownWatchGraceMs: durationMs(flags.text('shutdown-watch-termination-grace-period')),
    refusesWhileLeaving: flags.yes('shutdown-send-retry-after'),
    connectionBytesPerSecondMax: flags.integer('max-connection-bytes-per-sec'),
    eventTtlMs: durationMs(flags.text('event-ttl')),
  } satisfies Partial<ApiServerOptions>
}
