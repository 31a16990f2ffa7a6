import type { Clock } from '../../std/ports.ts'

/** Takes note of one watcher who has something to be sent; `send` is called once, soon. It may not throw. */
export type Fanout = (send: () => void) => void

/**
 * Sends to watchers in rounds. A round comes at the end of the turn in which something happened; after it the event loop
 * is everybody else's for as long as the round took, and what happens meanwhile goes out together in the next one. So a
 * thousand watchers take no more than half of the loop, and the more happens the less each event costs.
 */
export function createFanout(clock: Clock): Fanout {
  let waiting: (() => void)[] = []
  let freeAtMs = 0
  const round = () => {
    const startMs = clock.monotonicMs()
    const sends = waiting
    waiting = []
    for (const send of sends) send()
    const endMs = clock.monotonicMs()
    freeAtMs = endMs + (endMs - startMs)
  }
  return send => {
    if (waiting.push(send) > 1) return
    const pauseMs = freeAtMs - clock.monotonicMs()
    if (pauseMs >= 1) clock.setTimer(pauseMs, round)
    else queueMicrotask(round)
  }
}
