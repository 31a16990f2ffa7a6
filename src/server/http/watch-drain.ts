import type { Clock } from '../../std/ports.ts'

/** Ends watches one after another while a server leaves, so that their clients do not all come back at once. */
export interface WatchDrain {
  /** Takes part; the signal aborts when it is this watch's turn to end. */
  enter(): WatchTurn
  /** Ends all, and resolves when none is left or the grace is over. Those that come later end at once. */
  empty(): Promise<void>
}

interface WatchTurn {
  readonly signal: AbortSignal
  /** The watch has ended. */
  leave(): void
}

/** Upstream ends at least so many a second, and more where the grace would not do otherwise. */
const perSecondMin = 200

/** What --shutdown-watch-termination-grace-period says (apiserver pkg/server, WatchRequestWaitGroup). */
export function createWatchDrain(clock: Clock, graceMs: number): WatchDrain {
  const turns = new Set<AbortController>()
  const lastLeft = Promise.withResolvers<void>()
  let isEmptying = false
  const endAll = (): (() => void) => {
    const startMs = clock.monotonicMs()
    const perMs = Math.max(perSecondMin / 1000, turns.size / graceMs)
    const waiting = [...turns]
    let ended = 0
    let cancel = () => {}
    const endDue = () => {
      const due = 1 + Math.floor((clock.monotonicMs() - startMs) * perMs)
      for (; ended < Math.min(due, waiting.length); ended++) waiting[ended]!.abort()
      if (ended < waiting.length) cancel = clock.setTimer(Math.max(1, 1 / perMs), endDue)
    }
    endDue()
    return () => cancel()
  }
  return {
    enter() {
      const turn = new AbortController()
      turns.add(turn)
      if (isEmptying) turn.abort()
      const leave = () => {
        if (turns.delete(turn) && turns.size === 0 && isEmptying) lastLeft.resolve()
      }
      return { signal: turn.signal, leave }
    },
    async empty() {
      isEmptying = true
      if (turns.size === 0) return
      const stopEnding = endAll()
      const late = Promise.withResolvers<void>()
      const cancel = clock.setTimer(graceMs, late.resolve)
      await Promise.race([lastLeft.promise, late.promise])
      cancel()
      stopEnding()
      for (const turn of turns) turn.abort()
    },
  }
}
