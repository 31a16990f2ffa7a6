/** Runs in a Worker: reads and prints long YAML, which takes the library seconds. */
import { DecodeError, decodeYaml } from '../../machinery/codec/index.ts'
import { yamlText } from '../../server/http/yaml-text.ts'
import { parseExact } from '../../std/exact-json.ts'

export interface YamlQuestion {
  readonly id: number
  /** YAML to read, or JSON to print. */
  readonly text: string
  readonly to: 'json' | 'yaml'
}

export interface YamlAnswer {
  readonly id: number
  readonly text: string
  readonly strictErrors: readonly string[]
  /** The text is why it cannot be read. */
  readonly refused?: true
}

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<YamlQuestion>) => self.postMessage(answer(data))

function answer({ id, text, to }: YamlQuestion): YamlAnswer {
  if (to === 'yaml') return { id, text: yamlText(parseExact(text) as object), strictErrors: [] }
  try {
    const { json, strictErrors } = decodeYaml(text, { strict: true })
    return { id, text: json, strictErrors }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { id, text: error.message, strictErrors: [], refused: true }
  }
}
