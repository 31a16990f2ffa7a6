import type { Cancel, Clock } from '../../std/ports.ts'
import { startWorker, type WorkerName } from './start-worker.ts'

/** A Worker that nobody has asked for so long is ended: it holds memory. */
const idleMs = 10_000

/**
 * A Worker that answers questions: it is started with the first one, and again when it was ended meanwhile. Question and
 * answer carry the same `id`. What ends the Worker rejects everything that it was asked.
 */
export function createAskedWorker<Question, Answer extends { readonly id: number }>(
  name: WorkerName,
  clock: Pick<Clock, 'setTimer'>,
): (question: Question) => Promise<Answer> {
  const waiting = new Map<number, PromiseWithResolvers<Answer>>()
  let worker: Worker | undefined
  let cancelEnd: Cancel | undefined
  let last = 0
  const end = () => {
    worker?.terminate()
    worker = undefined
  }
  const settle = (answer: Answer) => {
    waiting.get(answer.id)?.resolve(answer)
    waiting.delete(answer.id)
    if (waiting.size > 0) return
    worker?.unref()
    cancelEnd = clock.setTimer(idleMs, end)
  }
  const fail = (reason: string) => {
    end()
    for (const { reject } of waiting.values()) reject(new Error(`${name}: ${reason}`))
    waiting.clear()
  }
  const start = () => {
    const started = startWorker(name)
    started.onmessage = ({ data }: MessageEvent<Answer>) => settle(data)
    started.onerror = ({ message }) => fail(message)
    return started
  }
  return question => {
    cancelEnd?.()
    worker ??= start()
    worker.ref()
    const id = ++last
    const answer = Promise.withResolvers<Answer>()
    waiting.set(id, answer)
    worker.postMessage({ id, ...question })
    return answer.promise
  }
}
