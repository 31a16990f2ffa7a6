import { badRequest, expired, resourceVersionTooLarge } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { beginWork } from '../../std/turns.ts'
import { CompactedError, FutureRevisionError } from '../../storage/store.ts'
import type { ListResult, Response, Servable } from '../context.ts'
import { type CachedObject, type CacheListOptions, collectionPrefix } from '../watchcache/index.ts'
import type { RestCall } from './call.ts'
import { type ContinueToken, decodeContinue, encodeContinue } from './continue-token.ts'
import { isRevision, malformedRevision, parseRevision, requireRevision } from './get.ts'
import { checkListOptions } from './list-options.ts'
import { type Selection, selectionOf } from './selection.ts'
import { keyOf } from './storage.ts'
import { prepareViews, present, presentLater, presentRun } from './views.ts'

/** A collection, or one page of it, all as of one revision (KEP-365, KEP-1904). */
export async function list(call: RestCall): Promise<Response> {
  checkListOptions(call.context.options)
  const selection = selectionOf(call)
  const page = await readPage(call, selection)
  return { kind: 'list', status: 200, resource: call.resource, list: page }
}

/** One page of what `selection` names. */
export async function readPage(call: RestCall, selection: Selection): Promise<ListResult> {
  const { options } = call.context
  const token = options.continue ? decodeContinue(options.continue) : undefined
  if (token && options.resourceVersion && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  const revision = await revisionOf(call, token)
  return selection.name === undefined ? collect(call, selection, token, revision) : readOne(call, selection)
}

/** Undefined: the newest. */
async function revisionOf(call: RestCall, token: ContinueToken | undefined): Promise<number | undefined> {
  if (token) return token.revision < 0 ? undefined : token.revision
  const { resourceVersion, resourceVersionMatch, limit } = call.context.options
  if (resourceVersion && !isRevision(resourceVersion)) {
    throw badRequest(`invalid resource version: ${malformedRevision(resourceVersion)}`)
  }
  const asked = await requireRevision(call, resourceVersion)
  // Clients from before resourceVersionMatch mean exactly this one when they ask for a page.
  const isExact = resourceVersionMatch ? resourceVersionMatch === 'Exact' : !!limit && asked > 0
  return isExact ? asked : undefined
}

async function readOne(call: RestCall, { name, matches }: Selection): Promise<ListResult> {
  const { deps, context, resource } = call
  const resourceVersion = String(deps.cache.revision())
  if (resource.namespaced && context.info.namespace === '')
    return collect(call, { all: false, matches }, undefined, undefined)
  const found = deps.cache.get(keyOf(resource, context.info.namespace, name!))
  const servable = found && (await presentLater(resource, found))
  return { items: servable && matches(servable.object) ? [servable] : [], resourceVersion }
}

async function collect(
  call: RestCall,
  selection: Selection,
  token: ContinueToken | undefined,
  revision: number | undefined,
): Promise<ListResult> {
  const { context, resource } = call
  const prefix = collectionPrefix(resource.storage, resource.namespaced ? context.info.namespace : '')
  // A list of any age comes from the cache, whole.
  const isAny = context.options.resourceVersion === '0' && !token
  const limit = (!isAny && context.options.limit) || undefined
  if (selection.all && !token && revision === undefined && limit === undefined) return whole(call, prefix)
  const items: Servable[] = []
  let after = token && prefix + token.start
  let at = revision
  let page = read(call, prefix, { revision: at, after, limit })
  for (;;) {
    at = page.revision
    await prepareViews(resource, page.items)
    const last = await take(call, page.items, selection, items, limit)
    const remaining = page.remaining + (last === undefined ? 0 : page.items.length - 1 - last)
    after = page.items[last ?? page.items.length - 1]?.key
    if (remaining === 0 || after === undefined) return { items, resourceVersion: String(at) }
    if (limit !== undefined && items.length >= limit) {
      const next = encodeContinue({ revision: at, start: after.slice(prefix.length) })
      const counted = selection.all ? { remainingItemCount: remaining } : {}
      return { items, resourceVersion: String(at), continue: next, ...counted }
    }
    page = read(call, prefix, { revision: at, after, limit })
  }
}

/** All of a collection as it is now. */
async function whole({ deps, resource }: RestCall, prefix: string): Promise<ListResult> {
  const { runs: found, revision } = deps.cache.runs(prefix)
  if (resource.custom?.convert) await prepareViews(resource, found.flat())
  const breathe = beginWork(deps.ports.clock)
  const runs: (readonly Servable[])[] = []
  for (const run of found) {
    runs.push(presentRun(resource, run))
    const pause = breathe()
    if (pause) await pause
  }
  let items: readonly Servable[] | undefined
  return {
    runs,
    resourceVersion: String(revision),
    get items() {
      items ??= runs.flat()
      return items
    },
  }
}

/** Between so many objects others may have their turn. */
const lookedAtOnce = 64

/** Moves matching items over until `limit` is reached; answers the index of the last one looked at in that case. */
async function take(
  { resource, deps }: RestCall,
  found: readonly CachedObject[],
  selection: Selection,
  items: Servable[],
  limit: number | undefined,
): Promise<number | undefined> {
  const breathe = beginWork(deps.ports.clock)
  for (let index = 0; index < found.length; index++) {
    const pause = index % lookedAtOnce === lookedAtOnce - 1 ? breathe() : undefined
    if (pause) await pause
    const servable = present(resource, found[index]!)
    if (!selection.all && !selection.matches(servable.object)) continue
    items.push(servable)
    if (limit !== undefined && items.length >= limit) return index
  }
  return undefined
}

type PageOptions = { [Key in keyof CacheListOptions]: CacheListOptions[Key] | undefined }

function read({ deps, context }: RestCall, prefix: string, page: PageOptions) {
  const { revision, after, limit } = page
  const known = {
    ...(revision !== undefined && { revision }),
    ...(after !== undefined && { after }),
    ...(limit !== undefined && { limit }),
  }
  try {
    return deps.cache.list(prefix, known)
  } catch (error) {
    if (error instanceof FutureRevisionError) throw resourceVersionTooLarge(revision ?? 0, error.revision)
    if (!(error instanceof CompactedError)) throw error
    throw context.options.continue
      ? expiredPage(after!.slice(prefix.length))
      : expiredRevision(revision ?? 0, error)
  }
}

function expiredRevision(revision: number, { compactedRevision }: CompactedError): StatusError {
  return expired(
    `The resourceVersion for the provided list is too old: ${parseRevision(String(revision))} (${compactedRevision})`,
  )
}

/** 410 with a token that goes on at the newest revision: the client may accept the inconsistency (KEP-365). */
function expiredPage(start: string): StatusError {
  const { status } = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  )
  return new StatusError({ ...status, metadata: { continue: encodeContinue({ revision: -1, start }) } })
}
