import type { LogOptions } from '../logs/reader.ts'

/** The query of /containerLogs: core/v1 PodLogOptions. A wrong one is answered with its message. */
export function logOptions(
  query: URLSearchParams,
  nowMs: number,
): LogOptions & { readonly previous: boolean } {
  const since = number(query, 'sinceSeconds', 1)
  const sinceTime = query.get('sinceTime')
  if (since !== undefined && sinceTime)
    throw new RangeError('at most one of `sinceTime` or `sinceSeconds` may be specified')
  const sinceTimeMs = sinceTime ? Date.parse(sinceTime) : undefined
  if (Number.isNaN(sinceTimeMs)) throw new RangeError(`sinceTime "${sinceTime}" is not a time`)
  return {
    follow: query.get('follow') === 'true',
    previous: query.get('previous') === 'true',
    timestamps: query.get('timestamps') === 'true',
    sinceMs: since === undefined ? sinceTimeMs : nowMs - since * 1000,
    tailLines: number(query, 'tailLines', 0),
    limitBytes: number(query, 'limitBytes', 1),
    stream: streamOf(query.get('stream')),
  }
}

function streamOf(text: string | null): LogOptions['stream'] {
  if (text === 'Stdout') return 'stdout'
  return text === 'Stderr' ? 'stderr' : undefined
}

function number(query: URLSearchParams, name: string, min: number): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < min)
    throw new RangeError(`${name}: must be an integer of at least ${min}`)
  return value
}
