import type { Resource } from '../../api/define.ts'
import { badRequest, expired, resourceVersionTooLarge } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { beginWork } from '../../std/turns.ts'
import { CompactedError, FutureRevisionError } from '../../storage/store.ts'
import type { ListResult, Response, Servable } from '../context.ts'
import { mediaTypeFor } from '../http/offer.ts'
import { type CacheListOptions, type CacheRuns, collectionPrefix } from '../watchcache/index.ts'
import type { RestCall } from './call.ts'
import { type ContinueToken, decodeContinue, encodeContinue } from './continue-token.ts'
import { isRevision, malformedRevision, requireRevision } from './get.ts'
import { checkListOptions } from './list-options.ts'
import { indexOf, placesOf } from './run-index.ts'
import { type Selection, selectionOf } from './selection.ts'
import { keyOf } from './storage.ts'
import { prepareRuns, presentLater, presentRun } from './views.ts'

/** A collection, or one page of it, all as of one revision (KEP-365, KEP-1904). */
export async function list(call: RestCall): Promise<Response> {
  checkListOptions(call.context.options)
  mediaTypeFor(call.resource, call.context)
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
  const revision = await revisionOf(call, selection, token)
  // The one of a name as it is now; as it was is found among the rest of that time.
  const isNow = token === undefined && revision === undefined
  const seen: Seen = { looked: 0 }
  const page = await (selection.name !== undefined && isNow
    ? readOne(call, selection, seen)
    : collect(call, selection, { token, revision, seen }))
  measure(call, selection, { looked: seen.looked, answered: countOf(page) })
  return page
}

/** Objects that were looked at for a page. */
interface Seen {
  looked: number
}

function measure(
  { deps: { measured }, context: { options }, resource }: RestCall,
  { exact }: Selection,
  found: { readonly looked: number; readonly answered: number },
): void {
  measured.list(resource, { index: exact?.name ?? '', ...found })
  if (!options.resourceVersion && !options.continue) measured.consistentList(resource, true)
}

function countOf({ runs, items }: ListResult): number {
  return runs ? runs.reduce((sum, run) => sum + run.length, 0) : items.length
}

/** Undefined: the newest. */
async function revisionOf(
  call: RestCall,
  selection: Selection,
  token: ContinueToken | undefined,
): Promise<number | undefined> {
  if (token) return token.revision < 0 ? undefined : token.revision
  const { resourceVersion, resourceVersionMatch } = call.context.options
  if (resourceVersion && !isRevision(resourceVersion)) {
    throw badRequest(`invalid resource version: ${malformedRevision(resourceVersion)}`)
  }
  const asked = await requireRevision(call, resourceVersion)
  // Clients from before resourceVersionMatch mean exactly this one when they ask for a page.
  const isExact = resourceVersionMatch
    ? resourceVersionMatch === 'Exact'
    : limitOf(call.context.options) !== undefined && asked > 0 && !isOfOne(call, selection)
  return isExact ? asked : undefined
}

/** A name leads to one key where no namespace is open: there are no pages of it. */
function isOfOne({ context, resource }: RestCall, { name }: Selection): boolean {
  return name !== undefined && (context.info.namespace !== '' || !resource.namespaced)
}

async function readOne(call: RestCall, { name, matches }: Selection, seen: Seen): Promise<ListResult> {
  const { deps, context, resource } = call
  const resourceVersion = String(deps.cache.revision())
  if (resource.namespaced && context.info.namespace === '')
    return collect(call, { all: false, matches }, { token: undefined, revision: undefined, seen })
  const found = deps.cache.get(keyOf(resource, context.info.namespace, name!))
  if (found) seen.looked++
  const servable = found && (await presentLater(resource, found))
  return { items: servable && matches(servable.object) ? [servable] : [], resourceVersion }
}

interface From {
  readonly token: ContinueToken | undefined
  readonly revision: number | undefined
  readonly seen: Seen
}

async function collect(
  call: RestCall,
  selection: Selection,
  { token, revision, seen }: From,
): Promise<ListResult> {
  const { context, resource } = call
  const prefix = collectionPrefix(resource.storage, resource.namespaced ? context.info.namespace : '')
  // A list of any age comes from the cache, whole.
  const isAny = context.options.resourceVersion === '0' && !resource.storage.uncached
  const limit = isAny || isOfOne(call, selection) ? undefined : limitOf(context.options)
  const start = token && prefix + token.start
  const page = { revision, [token?.isAfter ? 'after' : 'from']: start, limit, seen }
  return selection.all ? collectAll(call, prefix, page) : collectMatching(call, prefix, page, selection)
}

/** Nothing and less than nothing are no limit. */
function limitOf({ limit = 0 }: RestCall['context']['options']): number | undefined {
  return limit > 0 ? limit : undefined
}

/** A page of everything, in the runs that the cache keeps it in. */
async function collectAll(call: RestCall, prefix: string, page: PageOptions): Promise<ListResult> {
  const { resource, deps } = call
  const { runs: found, revision, remaining } = read(call, prefix, page)
  const pending = prepareRuns(resource, found)
  if (pending) await pending
  const breathe = beginWork(deps.ports.clock)
  const runs: (readonly Servable[])[] = []
  for (const run of found) {
    page.seen.looked += run.length
    runs.push(presentRun(resource, run))
    const pause = breathe()
    if (pause) await pause
  }
  let items: readonly Servable[] | undefined
  return {
    runs,
    resourceVersion: String(revision),
    ...(remaining > 0 && { continue: tokenAfter(found, revision, prefix), remainingItemCount: remaining }),
    get items() {
      items ??= runs.flat()
      return items
    },
  }
}

function tokenAfter(runs: CacheRuns['runs'], revision: number, prefix: string): string {
  return encodeContinue({
    revision,
    start: runs.at(-1)!.at(-1)!.key.slice(prefix.length),
    isAfter: true,
  })
}

/** To ask what time it is costs more than a run in which nothing matches. */
const runsBetweenPauses = 8

/** As many as were asked for of those that `selection` matches. */
async function collectMatching(
  call: RestCall,
  prefix: string,
  first: PageOptions,
  selection: Selection,
): Promise<ListResult> {
  const { resource, deps } = call
  const breathe = beginWork(deps.ports.clock)
  const items: Servable[] = []
  const { limit, seen } = first
  const into: Taken = { items, limit, seen }
  let page = first
  for (;;) {
    const { runs, revision, remaining } = read(call, prefix, page)
    const pending = prepareRuns(resource, runs)
    if (pending) await pending
    for (const [place, run] of runs.entries()) {
      const full = take(resource, run, selection, into)
      if (full !== undefined) {
        const isLast = remaining === 0 && place === runs.length - 1 && full === run.length - 1
        const next = tokenAfter([run.slice(0, full + 1)], revision, prefix)
        return { items, resourceVersion: String(revision), ...(!isLast && { continue: next }) }
      }
      const pause = place % runsBetweenPauses === 0 ? breathe() : undefined
      if (pause) await pause
    }
    if (remaining === 0) return { items, resourceVersion: String(revision) }
    page = { revision, after: runs.at(-1)!.at(-1)!.key, limit, seen }
  }
}

/** Adds what matches to `items`; answers at which one there were as many as `limit`. */
function take(
  resource: Resource,
  run: CacheRuns['runs'][number],
  { matches, exact }: Selection,
  into: Taken,
): number | undefined {
  const index = exact && indexOf(resource, run, exact)
  const places = index && placesOf(index, exact)
  if (places?.length === 0) return undefined
  const found = index?.shown ?? presentRun(resource, run)
  const count = places?.length ?? found.length
  for (let turn = 0; turn < count; turn++) {
    const place = places?.[turn] ?? turn
    into.seen.looked++
    if (!matches(found[place]!.object)) continue
    if (into.items.push(found[place]!) === into.limit) return place
  }
  return undefined
}

interface Taken {
  readonly items: Servable[]
  readonly limit: number | undefined
  readonly seen: Seen
}

type PageOptions = { [Key in keyof CacheListOptions]: CacheListOptions[Key] | undefined } & {
  readonly seen: Seen
}

function read({ deps, context }: RestCall, prefix: string, page: PageOptions): CacheRuns {
  const { revision, after, from, limit } = page
  const known = {
    ...(revision !== undefined && { revision }),
    ...(after !== undefined && { after }),
    ...(from !== undefined && { from }),
    ...(limit !== undefined && { limit }),
  }
  try {
    return deps.cache.runs(prefix, known)
  } catch (error) {
    if (error instanceof FutureRevisionError)
      throw resourceVersionTooLarge(askedRevision(context.options), error.revision)
    if (!(error instanceof CompactedError)) throw error
    throw context.options.continue
      ? expiredPage(decodeContinue(context.options.continue))
      : expired('The resourceVersion for the provided list is too old.')
  }
}

function askedRevision({ continue: token, resourceVersion }: RestCall['context']['options']): bigint {
  return BigInt(token ? decodeContinue(token).spelled : (resourceVersion ?? 0))
}

/** 410 with a token that goes on at the newest revision: the client may accept the inconsistency (KEP-365). */
function expiredPage(token: ContinueToken): StatusError {
  const { status } = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  )
  return new StatusError({ ...status, metadata: { continue: encodeContinue({ ...token, revision: -1 }) } })
}
