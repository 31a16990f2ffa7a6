import type { Pod } from '../../api/types/core-v1.gen.ts'
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

const waitingWords: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
}

/** Why a container has no log (upstream validateContainerLogStatus). */
export function noLogReason(
  { metadata, status }: Pod,
  container: string,
  { previous }: { readonly previous: boolean },
): string {
  const id = `container ${JSON.stringify(container)} in pod ${JSON.stringify(metadata.name)}`
  if (previous) return `previous terminated ${id} not found`
  const all = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ]
  const found = all.find(({ name }) => name === container)
  if (!found) return `${id} is not available`
  const { waiting, terminated } = found.state ?? {}
  if (terminated) return `${id} is terminated`
  if (!waiting) return `${id} is waiting to start - no logs yet`
  const { reason = '' } = waiting
  return `${id} is waiting to start: ${waitingWords[reason] ?? reason}`
}
