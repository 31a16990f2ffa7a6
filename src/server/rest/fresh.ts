import { serviceUnavailable } from '../../machinery/status/errors.ts'
import type { WatchCache } from '../watchcache/index.ts'
import type { RestCall } from './call.ts'
import { asUnavailable } from './storage.ts'

/** How long a request waits for what others have written (upstream's blockTimeout). */
const waitMs = 3_000

const reads: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

/**
 * Whether a request has to see what other servers have written until now: all do that do not say themselves how old the
 * answer may be (KEP-2340), or are about nothing that is stored.
 */
export function mustBeFresh({ context, resource }: RestCall): boolean {
  if (resource.strategy.ephemeral || resource.reader !== undefined) return false
  const { resourceVersion, continue: token } = context.options
  return !reads.has(context.info.verb) || (!resourceVersion && !token)
}

/** Waits until the cache is as new as the request; 503 when the store cannot say how new that is. */
export async function freshen(
  { deps, context, resource }: RestCall,
  refresh: NonNullable<WatchCache['freshen']>,
): Promise<void> {
  const { measured } = deps
  const { clock } = deps.ports
  const isList = context.info.verb === 'list'
  const startMs = clock.monotonicMs()
  const stop = new AbortController()
  const cancel = clock.setTimer(waitMs, () => stop.abort())
  try {
    await refresh(AbortSignal.any([stop.signal, context.signal]))
  } catch (error) {
    if (isList) measured.consistentList(resource, false)
    if (!stop.signal.aborted) throw asUnavailable(error)
    throw serviceUnavailable('the store did not say in time what is newest')
  } finally {
    if (isList) measured.waited(resource, clock.monotonicMs() - startMs)
    cancel()
  }
}
