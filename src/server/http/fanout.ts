import type { Clock } from '../../std/ports.ts'
import { sliceMs } from '../../std/turns.ts'

/** Takes note of one watcher who has something to be sent; `send` is called once, soon. It may not throw. */
export type Fanout = (send: () => void) => void

/** How many a round sends to between two looks at the clock. */
const sendsAtOnce = 16
/** How many times what its last slice took the pause after a round is: what happens in it is sent together, for less. */
const roundPause = 3

/**
 * Sends to watchers in rounds. A round comes at the end of the turn in which something happened; after each slice of a
 * long one the event loop is everybody else's for as long as that took, after its last for three times as long, and
 * what happens meanwhile goes out together in the next round. So ten thousand watchers take no more than half of the loop
 * and hold it no longer than a thousand do, and the more happens the less each event costs.
 */
export function createFanout(clock: Clock): Fanout {
  let waiting: (() => void)[] = []
  let round: readonly (() => void)[] = []
  let next = 0
  let freeAtMs = 0
  const slice = () => {
    const startMs = clock.monotonicMs()
    let nowMs = startMs
    while (next < round.length && nowMs - startMs < sliceMs) {
      const end = Math.min(next + sendsAtOnce, round.length)
      while (next < end) round[next++]!()
      nowMs = clock.monotonicMs()
    }
    const isOver = next === round.length
    freeAtMs = nowMs + (isOver ? roundPause : 1) * (nowMs - startMs)
    if (!isOver) return begin(slice)
    round = []
    next = 0
    if (waiting.length > 0) begin(start)
  }
  const start = () => {
    round = waiting
    waiting = []
    slice()
  }
  const begin = (work: () => void) => {
    const pauseMs = freeAtMs - clock.monotonicMs()
    if (pauseMs >= 1) clock.setTimer(pauseMs, work)
    else queueMicrotask(work)
  }
  return send => {
    if (waiting.push(send) === 1 && round.length === 0) begin(start)
  }
}
