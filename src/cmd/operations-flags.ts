import { parseDuration } from '../machinery/codec/duration.ts'
import type { Flag } from './flags.ts'

/** The check of a flag that holds a duration as Go writes it. */
export const duration = (text: string) => {
  try {
    parseDuration(text)
  } catch (error) {
    throw new Error(`"${text}" is not a duration such as 90s or 1m30s`, { cause: error })
  }
}

/** How the API server is run: names and meanings are kube-apiserver's. */
export const operationsFlags: readonly Flag[] = [
  {
    name: 'shutdown-delay-duration',
    type: 'string',
    placeholder: 'DURATION',
    default: '0s',
    help: 'after SIGTERM serve everything for so long while /readyz fails',
    check: duration,
  },
  {
    name: 'max-requests-inflight',
    type: 'integer',
    placeholder: 'N',
    default: 400,
    help: 'with --max-mutating-requests-inflight: requests in work at a time, shared out by priority and fairness',
  },
  {
    name: 'max-mutating-requests-inflight',
    type: 'integer',
    placeholder: 'N',
    default: 200,
    help: 'see --max-requests-inflight',
  },
]

/** Milliseconds of a duration as Go writes it; the flag's check has looked at it. */
export function durationMs(text: string): number {
  return Number(parseDuration(text) / 1_000_000n)
}
