/** Reads what an API server answers over the wire: JSON, a Status, a watch. */
import { type Status, StatusError } from '../machinery/status/status.ts'
import { parseAnswer } from './answer.ts'
import type { WatchEvent } from './transport.ts'

/** What an answer says; it is one that is fine. */
export async function readJson(response: Response): Promise<unknown> {
  const text = await response.text()
  return parseAnswer(text)
}

/** The server's own Status, or one made of whatever stood in between. */
export async function toStatusError(response: Response): Promise<StatusError> {
  const text = await response.text()
  const retryAfter = Number(response.headers.get('retry-after') ?? 'NaN')
  const status = parseStatus(text) ?? fallback(response.status, text)
  if (Number.isNaN(retryAfter) || status.details?.retryAfterSeconds !== undefined)
    return new StatusError(status)
  return new StatusError({ ...status, details: { ...status.details, retryAfterSeconds: retryAfter } })
}

function parseStatus(text: string): Status | undefined {
  if (!text.startsWith('{')) return undefined
  const parsed = JSON.parse(text) as Partial<Status>
  return parsed.kind === 'Status' ? (parsed as Status) : undefined
}

const reasons: Readonly<Record<number, Status['reason']>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** A Status of whatever answered without one. */
export function fallback(code: number, message: string): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: reasons[code],
    code,
  }
}

/** One JSON event a line; the lines of one network chunk are one batch. */
export async function readEvents(
  response: Response,
  sink: (events: readonly WatchEvent[]) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    const events = lines.filter(line => line !== '').map(line => parseAnswer(line) as WatchEvent)
    if (events.length > 0) deliver(events, sink)
  }
}

/** An error event ends the watch as a refused call does. */
function deliver(events: readonly WatchEvent[], sink: (events: readonly WatchEvent[]) => void): void {
  const failure = events.findIndex(({ type }) => type === 'ERROR')
  if (failure < 0) {
    sink(events)
    return
  }
  if (failure > 0) sink(events.slice(0, failure))
  throw new StatusError(events[failure]!.object as unknown as Status)
}
