/** Components in Workers of their own, bounded in time and memory. */
import { WebhookCallError } from '../../server/webhook-client/failure.ts'
import type { Cancel, Clock } from '../../std/ports.ts'
import type { WorkerAnswer, WorkerStart } from './component-worker.ts'
import { startWorker as startProgram } from './start-worker.ts'

export interface ComponentHost {
  /** Rejects with WebhookCallError when there is no answer in time, or none at all; the next call has a new instance then. */
  review(text: string, timeoutMs: number, signal?: AbortSignal): Promise<string>
  close(): void
}

interface Waiting {
  resolve(text: string): void
  reject(reason: string): void
}

export function createComponentHost(
  name: string,
  start: WorkerStart,
  clock: Pick<Clock, 'setTimer'>,
): ComponentHost {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let last = 0
  const stop = (reason: string) => {
    worker?.terminate()
    worker = undefined
    for (const each of [...waiting.values()]) each.reject(reason)
  }
  const running = () => {
    worker ??= startWorker(start, {
      answered(answer) {
        if ('text' in answer) waiting.get(answer.id)?.resolve(answer.text)
        // A trap leaves an instance in a state that nobody knows.
        else stop(`failed: ${answer.fault}`)
      },
      failed: stop,
    })
    return worker
  }
  return {
    close: () => stop('is closed'),
    review(text, timeoutMs, signal) {
      const id = ++last
      return new Promise<string>((resolve, reject) => {
        const late = () => stop(`did not answer within ${timeoutMs / 1000}s`)
        const done = afterwards(clock.setTimer(timeoutMs, late), signal, () =>
          waiting.get(id)?.reject('is not waited for'),
        )
        const settle = (finish: () => void) => {
          waiting.delete(id)
          done()
          finish()
        }
        waiting.set(id, {
          resolve: answer => settle(() => resolve(answer)),
          reject: reason => settle(() => reject(new WebhookCallError(`component ${name} ${reason}`))),
        })
        running().postMessage({ id, text })
      })
    },
  }
}

/** Listens for the end of a request; what it answers ends that, and the timer. */
function afterwards(cancel: Cancel, signal: AbortSignal | undefined, aborted: () => void): () => void {
  signal?.addEventListener('abort', aborted, { once: true })
  return () => {
    cancel()
    signal?.removeEventListener('abort', aborted)
  }
}

interface Events {
  answered(answer: WorkerAnswer): void
  failed(reason: string): void
}

function startWorker(start: WorkerStart, { answered, failed }: Events): Worker {
  const worker = startProgram('component')
  worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => answered(data)
  worker.onerror = ({ message }) => failed(`failed: ${message}`)
  worker.postMessage(start)
  return worker
}
