import { parseDuration } from '../machinery/codec/duration.ts'
import type { Flag } from './flags.ts'

/** The check of a flag that holds a duration as Go writes it. */
export const duration = (text: string) => {
  if (nanosecondsOf(text) < 0n) throw new Error(`"${text}" is less than nothing`)
}

function nanosecondsOf(text: string): bigint {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new Error(`"${text}" is not a duration such as 90s or 1m30s`, { cause: error })
  }
}

export const text = (name: string, placeholder: string, help: string): Flag => ({
  ...{ name, type: 'string', placeholder, help },
})
export const file = (name: string, help: string): Flag => text(name, 'FILE', help)
export const yes = (name: string, value: boolean, help: string): Flag => ({
  ...{ name, type: 'boolean', default: value, help },
})
export const count = (name: string, value: number, help: string): Flag => ({
  name,
  type: 'integer',
  placeholder: 'N',
  default: value,
  help,
})
/** One that cannot be 0. */
export const amount = (...flag: Parameters<typeof count>): Flag => ({
  ...count(...flag),
  check: text => {
    if (/^0+$/.test(text)) throw new Error('at least 1 is needed')
  },
})
export const time = (name: string, value: string, help: string): Flag => ({
  name,
  type: 'string',
  placeholder: 'DURATION',
  default: value,
  help,
  check: duration,
})

export const choice = (
  name: string,
  value: string,
  { values, help }: { readonly values: readonly string[]; readonly help: string },
): Flag => ({
  ...{ name, type: 'string', placeholder: 'WORD', default: value, help },
  check: text => {
    if (!values.includes(text)) throw new Error(`"${text}" is not one of ${values.join(', ')}`)
  },
})

/** Milliseconds of a duration as Go writes it; the flag's check has looked at it. */
export function durationMs(text: string): number {
  return Number(parseDuration(text) / 1_000_000n)
}
