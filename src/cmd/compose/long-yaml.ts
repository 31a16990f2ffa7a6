import { DecodeError, type LongYaml } from '../../machinery/codec/index.ts'
import type { Cancel, Clock } from '../../std/ports.ts'
import { startWorker } from './start-worker.ts'
import type { YamlAnswer, YamlQuestion } from './yaml-worker.ts'

/** A Worker that nobody has asked for so long is ended: it holds memory. */
const idleMs = 10_000

/**
 * Long YAML in a Worker, which is started with the first question. Reading rejects with DecodeError as `decodeYaml`
 * throws; what ends the Worker rejects everything that it was asked.
 */
export function createLongYaml(clock: Pick<Clock, 'setTimer'>): LongYaml {
  const waiting = new Map<number, PromiseWithResolvers<YamlAnswer>>()
  let worker: Worker | undefined
  let cancelEnd: Cancel | undefined
  let last = 0
  const end = () => {
    worker?.terminate()
    worker = undefined
  }
  const settle = (answer: YamlAnswer) => {
    waiting.get(answer.id)?.resolve(answer)
    waiting.delete(answer.id)
    if (waiting.size > 0) return
    worker?.unref()
    cancelEnd = clock.setTimer(idleMs, end)
  }
  const fail = (reason: string) => {
    end()
    for (const { reject } of waiting.values()) reject(new Error(`YAML: ${reason}`))
    waiting.clear()
  }
  const start = () => {
    const started = startWorker('yaml')
    started.onmessage = ({ data }: MessageEvent<YamlAnswer>) => settle(data)
    started.onerror = ({ message }) => fail(message)
    return started
  }
  const ask = (question: Omit<YamlQuestion, 'id'>) => {
    cancelEnd?.()
    worker ??= start()
    worker.ref()
    const id = ++last
    const answer = Promise.withResolvers<YamlAnswer>()
    waiting.set(id, answer)
    worker.postMessage({ id, ...question })
    return answer.promise
  }
  return {
    async read(text) {
      const { text: json, strictErrors, refused } = await ask({ text, to: 'json' })
      if (refused) throw new DecodeError(json)
      return { json, strictErrors }
    },
    async print(json) {
      return (await ask({ text: json, to: 'yaml' })).text
    },
  }
}
