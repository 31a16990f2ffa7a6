import type { FlagReader } from '../server-flags.ts'

/** `--node-label a=b` as a map. */
export function nodeLabels(flags: FlagReader): Record<string, string> {
  return Object.fromEntries(
    flags.list('node-label').map(pair => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

/** `--node-taint key=value:Effect` as taints. */
export function nodeTaints(flags: FlagReader) {
  return flags.list('node-taint').map(text => {
    const [pair = '', effect = ''] = text.split(':')
    const [key = '', value] = pair.split('=')
    return { key, effect, ...(value !== undefined && { value }) }
  })
}
