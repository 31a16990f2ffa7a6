import { DecodeError, type LongYaml } from '../../machinery/codec/index.ts'
import type { Clock } from '../../std/ports.ts'
import { createAskedWorker } from './worker-questions.ts'
import type { YamlAnswer, YamlQuestion } from './yaml-worker.ts'

/** Long YAML in a Worker. Reading rejects with DecodeError as `decodeYaml` throws. */
export function createLongYaml(clock: Pick<Clock, 'setTimer'>): LongYaml {
  const ask = createAskedWorker<Omit<YamlQuestion, 'id'>, YamlAnswer>('yaml', clock)
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
