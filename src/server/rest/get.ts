import type { Response } from '../context.ts'
import { badRequest, resourceVersionTooLarge } from '../../machinery/status/errors.ts'
import type { RestCall } from './call.ts'
import { present, requireStored } from './storage.ts'

/** The latest object; a resourceVersion only says how old the answer may be at most, and it is never old. */
export async function get(call: RestCall): Promise<Response> {
  await requireRevision(call, call.context.options.resourceVersion)
  const servable = present(call.resource, requireStored(call))
  return { kind: 'object', status: 200, object: servable.object, resource: call.resource, servable }
}

/** How long a read waits for a revision that this server has not seen (upstream's blockTimeout). */
const waitMs = 3000

/** Waits until the cache is at least as new as `text`; 400 for no number, 504 when it does not come in time. */
export async function requireRevision(
  { deps, context }: RestCall,
  text: string | undefined,
): Promise<number> {
  const revision = parseRevision(text)
  const { cache, ports } = deps
  if (revision <= cache.revision()) return revision
  const stop = new AbortController()
  const cancel = ports.clock.setTimer(waitMs, () => stop.abort())
  try {
    await cache.waitFor(revision, AbortSignal.any([stop.signal, context.signal]))
  } catch (error) {
    if (!stop.signal.aborted) throw error
    throw resourceVersionTooLarge(revision, cache.revision())
  } finally {
    cancel()
  }
  return revision
}

export function parseRevision(text: string | undefined): number {
  if (!text) return 0
  if (/^\d+$/.test(text)) return Number(text)
  throw badRequest(
    `invalid resource version ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  )
}
