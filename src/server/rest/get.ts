import { quote } from '../../machinery/meta/quote.ts'
import { numError } from '../../machinery/meta/strconv.ts'
import { badRequest, plainFailure, resourceVersionTooLarge } from '../../machinery/status/errors.ts'
import type { Response } from '../context.ts'
import { toBoolean } from '../http/options.ts'
import type { RestCall } from './call.ts'
import { requireStored } from './storage.ts'
import { presentLater } from './views.ts'

/** The latest object; a resourceVersion only says how old the answer may be at most, and it is never old. */
export async function get(call: RestCall): Promise<Response> {
  const { resourceVersion = '' } = call.context.options
  refuseForgotten(call)
  if (call.resource.storage.uncached && resourceVersion && !isRevision(resourceVersion))
    throw badRequest(`invalid resource version: ${malformedRevision(resourceVersion)}`)
  await requireRevision(call, resourceVersion)
  const servable = await presentLater(call.resource, requireStored(call))
  return { kind: 'object', status: 200, object: servable.object, resource: call.resource, servable }
}

function refuseForgotten({ context, resource }: RestCall): void {
  if (context.query.size === 0 || resource.custom) return
  const asked = context.query.get('export')
  if (asked !== null && toBoolean(asked))
    throw badRequest('the export parameter, deprecated since v1.14, is no longer supported')
}

/** How long a read waits for a revision that this server has not seen (upstream's blockTimeout). */
const waitMs = 3000

/** Waits until the cache is at least as new as `text`; 500 for no number, 504 when it does not come in time. */
export async function requireRevision(
  { deps, context, resource }: RestCall,
  text: string | undefined,
): Promise<number> {
  const revision = parseRevision(text)
  const { cache, ports, measured } = deps
  const { verb } = context.info
  // Where others write, too, a list without a revision has waited, and was measured, before it came here.
  if (!text && (verb !== 'list' || cache.freshen)) return revision
  const startMs = ports.clock.monotonicMs()
  try {
    if (revision > cache.revision()) await waitFor({ deps, context }, text!)
  } finally {
    if (verb !== 'watch') measured.waited(resource, ports.clock.monotonicMs() - startMs)
  }
  return revision
}

async function waitFor(
  { deps: { cache, ports }, context }: Pick<RestCall, 'deps' | 'context'>,
  text: string,
): Promise<void> {
  const stop = new AbortController()
  const cancel = ports.clock.setTimer(waitMs, () => stop.abort())
  const signal = AbortSignal.any([stop.signal, context.signal])
  try {
    // It may be of something that is no object.
    if (cache.freshen) await cache.freshen(signal)
    await cache.waitFor(Number(text), signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    throw resourceVersionTooLarge(BigInt(text), cache.revision())
  } finally {
    cancel()
  }
}

/** Upstream's words for what is no revision; a list makes a 400 of them, a get and a watch a bare 500. */
export function malformedRevision(text: string): string {
  const why = /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'
  return `resourceVersion: Invalid value: ${quote(text)}: ${numError('ParseUint', text, why)}`
}

const revisionMax = 2n ** 64n - 1n
/** Whether it is a number of 64 bits. */
export const isRevision = (text: string): boolean =>
  /^\d{1,19}$/.test(text) || (/^\d+$/.test(text) && BigInt(text) <= revisionMax)

export function parseRevision(text: string | undefined): number {
  if (!text) return 0
  if (isRevision(text)) return Number(text)
  throw plainFailure(malformedRevision(text))
}
