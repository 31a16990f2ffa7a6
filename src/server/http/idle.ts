import type { Cancel, Clock } from '../../std/ports.ts'

const sweepMs = 30_000
/** A connection that has shown no whole request goes after one to two of them, headers that trickle in or not. */
const sweepsWithoutRequest = 2
/** One that has nothing to do any more goes after 90 to 120 s (upstream's IdleTimeout is 90 s). */
const sweepsIdle = 4

/** A socket of HTTP/1.1 or a session of HTTP/2. */
interface Tracked {
  readonly end: () => void
  open: number
  sweeps: number
  hasAsked: boolean
}

/** Ends connections that nobody uses: clients that died, and those that hold them to do harm. */
export interface IdleSweep {
  opened(connection: object, end: () => void): void
  closed(connection: object): void
  /** A request began on it; the result ends it. */
  busy(connection: object | undefined): () => void
  stop(): void
}

export function createIdleSweep(clock: Clock): IdleSweep {
  const tracked = new Map<object, Tracked>()
  let cancel: Cancel | undefined
  const arm = () => {
    cancel ??= clock.setTimer(sweepMs, sweep)
  }
  const sweep = () => {
    cancel = undefined
    for (const [connection, each] of tracked) {
      if (each.open > 0) continue
      each.sweeps++
      if (each.sweeps < (each.hasAsked ? sweepsIdle : sweepsWithoutRequest)) continue
      tracked.delete(connection)
      each.end()
    }
    if (tracked.size > 0) arm()
  }
  return {
    opened(connection, end) {
      tracked.set(connection, { end, open: 0, sweeps: 0, hasAsked: false })
      arm()
    },
    closed: connection => void tracked.delete(connection),
    busy(connection) {
      const each = connection && tracked.get(connection)
      if (!each) return nothing
      each.open++
      each.hasAsked = true
      return () => {
        each.open--
        each.sweeps = 0
      }
    },
    stop: () => cancel?.(),
  }
}

function nothing(): void {
  // A connection that is not tracked has nothing to end.
}
