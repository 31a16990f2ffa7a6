import { messageOf } from '../../std/message.ts'
import type { Clock, Logger } from '../../std/ports.ts'
import type { StoreEvent } from '../../storage/store.ts'

type Sink = (events: readonly StoreEvent[]) => void
export type OpenEvent = (event: StoreEvent) => StoreEvent | Promise<StoreEvent>

const pauseMs = 1_000

export interface EventOpening {
  /**
   * A sink that opens what it is given and hands it on in order: at once where the keys are known; where one has to be
   * asked for, everything behind waits. What cannot be opened is tried again, as keys and plugins come back, until `signal`
   * aborts; `fail` is told what `sink` throws then.
   */
  through(sink: Sink, fail: (error: unknown) => void, signal: AbortSignal): Sink
  /** Resolves when everything that was given until now is handed on. */
  settled(): Promise<void>
}

export function createEventOpening(
  open: OpenEvent,
  { clock, log }: { readonly clock: Pick<Clock, 'setTimer'>; readonly log: Logger },
): EventOpening {
  const waiting = new Set<Promise<void>>()
  const pause = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    clock.setTimer(pauseMs, resolve)
    return promise
  }
  async function openAgain(event: StoreEvent, signal: AbortSignal, first: unknown): Promise<StoreEvent> {
    for (let fault = first; ; ) {
      if (signal.aborted) throw fault
      log.error('a stored value cannot be opened; watchers wait', { error: messageOf(fault) })
      await pause()
      try {
        return await open(event)
      } catch (error) {
        fault = error
      }
    }
  }
  const openSurely = (event: StoreEvent, signal: AbortSignal): StoreEvent | Promise<StoreEvent> => {
    const again = (error: unknown) => openAgain(event, signal, error)
    try {
      const opened = open(event)
      return opened instanceof Promise ? opened.catch(again) : opened
    } catch (error) {
      return again(error)
    }
  }
  return {
    through(sink, fail, signal) {
      let last: Promise<void> | undefined
      return events => {
        const opened = events.map(event => openSurely(event, signal))
        if (last === undefined && !opened.some(each => each instanceof Promise))
          return sink(opened as StoreEvent[])
        const before = last
        const turn: Promise<void> = Promise.all(opened)
          .then(async all => {
            await before
            if (!signal.aborted) sink(all)
          })
          .catch(error => {
            if (!signal.aborted) fail(error)
          })
          .finally(() => {
            waiting.delete(turn)
            if (last === turn) last = undefined
          })
        last = turn
        waiting.add(turn)
      }
    },
    async settled() {
      await Promise.all(waiting)
    },
  }
}
