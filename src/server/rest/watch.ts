import type { Resource } from '../../api/define.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { applyMergePatch } from '../../machinery/patch/index.ts'
import { fillZeroValues } from '../../machinery/schema/zero.ts'
import { expired, resourceVersionTooOld } from '../../machinery/status/errors.ts'
import { beginWork } from '../../std/turns.ts'
import { CompactedError } from '../../storage/store.ts'
import type { Response, Servable, ServedEvent, WatchSink } from '../context.ts'
import { isBuiltin } from '../http/encode.ts'
import { mediaTypeFor } from '../http/offer.ts'
import { scopeOf } from '../metrics/measure-requests.ts'
import { type CachedObject, type CacheEvent, collectionPrefix, type WatchCache } from '../watchcache/index.ts'
import type { RestCall } from './call.ts'
import { parseRevision, requireRevision } from './get.ts'
import { checkWatchOptions } from './list-options.ts'
import { memo } from './memo.ts'
import { createPacedWatch, type PacedWatch } from './paced-watch.ts'
import { type Selection, selectionOf } from './selection.ts'
import { keyOf } from './storage.ts'
import { prepareViews, present, presentRemoved } from './views.ts'

type Sink = WatchSink

/** Upstream's cacher: a bookmark a minute, and one so long before the watch ends, that its client goes on from near its end. */
const bookmarkPeriodMs = 60_000
const bookmarkBeforeEndMs = 2_000
/** Upstream's --min-request-timeout: a watch without timeoutSeconds lasts once to twice this long. */
export const watchTimeoutMinMs = 1_800_000

/** Changes of a collection or of one object, from a revision on (upstream's watch and watchlist, KEP-3157). */
export async function watch(call: RestCall): Promise<Response> {
  const { context, resource } = call
  const { options } = context
  checkWatchOptions(options)
  mediaTypeFor(resource, context)
  const selection = selectionOf(call)
  const from = startRevision(call)
  const run = (sink: Sink, signal: AbortSignal) => runWatch(call, { selection, from }, sink, signal)
  return { kind: 'watch', resource, run }
}

/** Undefined: start with what is there now. */
function startRevision(call: RestCall): number | undefined {
  const { resourceVersion, sendInitialEvents } = call.context.options
  const revision = parseRevision(resourceVersion)
  return revision === 0 || sendInitialEvents ? undefined : revision
}

interface WatchPlan {
  readonly selection: Selection
  readonly from: number | undefined
}

async function runWatch(call: RestCall, plan: WatchPlan, sink: Sink, signal: AbortSignal): Promise<void> {
  const { deps, resource } = call
  if (isOver(call)) return
  const oldest = deps.cache.compactedRevision()
  if (plan.from !== undefined && plan.from < oldest) throw resourceVersionTooOld(plan.from, oldest)
  const { clock } = deps.ports
  const lost = deps.cache.lostRevision()
  const stop = new AbortController()
  const stopNow = () => stop.abort()
  const timeoutMs = timeoutOf(call)
  const cancelTimeout = clock.setTimer(timeoutMs, stopNow)
  signal.addEventListener('abort', stopNow, { once: true })
  if (signal.aborted) stop.abort()
  const ignoreRemoval = resource.custom ? onRemoval(call, stopNow) : () => {}
  const prefix = prefixOf(call, plan.selection)
  const paced = createPacedWatch(deps.cache, prefix, beginWork(clock))
  const cancelBookmarks = call.context.options.allowWatchBookmarks
    ? startBookmarks(call, timeoutMs, paced, sink)
    : () => {}
  try {
    const from =
      plan.from ?? (await sendInitial({ call, selection: plan.selection, prefix, sink, signal: stop.signal }))
    if (!(await hasCome(deps.cache, from, stop.signal))) return
    const send = (events: readonly CacheEvent[]) => deliver(resource, plan.selection, events, sink)
    await paced.run(from, resource.custom?.convert ? converted(resource, send) : send, stop.signal)
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error
    if (deps.cache.lostRevision() === lost) deps.measured.terminated(resource)
    throw expired(`The resourceVersion for the provided watch is too old.`)
  } finally {
    cancelTimeout()
    cancelBookmarks()
    ignoreRemoval()
    signal.removeEventListener('abort', stopNow)
  }
}

type Send = (events: readonly CacheEvent[]) => Promise<void> | undefined

/** Asks the conversion webhook first; the watch ends with its first failure. */
function converted(resource: Resource, send: Send): Send {
  return events => {
    const views = events.flatMap(({ current, previous }) =>
      [current, previous].filter(view => view !== undefined),
    )
    const pending = prepareViews(resource, views)
    return pending ? pending.then(() => send(events)) : send(events)
  }
}

/** A kind whose definition changes or goes takes its watches along; clients start anew with what it is then. */
function onRemoval({ deps, resource }: RestCall, stop: () => void): () => void {
  return deps.registry.onChange(change => {
    if (change.type === 'removed' && change.resource === resource) stop()
  })
}

/** Less than no time: nothing is sent. */
function isOver({ context: { options } }: RestCall): boolean {
  return (options.timeoutSeconds ?? 0) < 0
}

/** Waits for a revision that is not there yet, as long as the watch lasts; false when it does not come. */
async function hasCome(cache: WatchCache, revision: number, signal: AbortSignal): Promise<boolean> {
  if (revision <= cache.revision()) return true
  try {
    await cache.waitFor(revision, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return !signal.aborted
}

function timeoutOf({ context, deps }: RestCall): number {
  const { timeoutSeconds } = context.options
  return timeoutSeconds ? timeoutSeconds * 1000 : deps.watchTimeoutMinMs * (1 + deps.ports.random.next())
}

function prefixOf({ context, resource }: RestCall, { name }: Selection): string {
  const { namespace } = context.info
  if (name !== undefined && (namespace !== '' || !resource.namespaced))
    return keyOf(resource, namespace, name)
  return collectionPrefix(resource.storage, resource.namespaced ? namespace : '')
}

interface Initial {
  readonly call: RestCall
  readonly selection: Selection
  readonly prefix: string
  readonly sink: Sink
  readonly signal: AbortSignal
}

/** Everything that is there as ADDED, and the bookmark that ends it when the client asked for one. */
async function sendInitial({ call, selection, prefix, sink, signal }: Initial): Promise<number> {
  const { deps, context, resource } = call
  const { clock } = deps.ports
  const startMs = clock.monotonicMs()
  // Only here it has to come in time; as everything that goes wrong from now on the failure is an event.
  if (context.options.sendInitialEvents) await requireRevision(call, context.options.resourceVersion)
  const { items, revision } = deps.cache.list(prefix)
  const pending = prepareViews(resource, items)
  if (pending) await pending
  if (context.options.sendInitialEvents !== false) {
    deps.measured.initial(resource, items.length)
    const breathe = beginWork(clock)
    for (let start = 0, end = 0; start < items.length && !signal.aborted; start = end) {
      end = batchEnd(items, start)
      const events = initialEvents(resource, selection, items.slice(start, end))
      if (events.length > 0) await sink(events)
      // A client that reads fast takes one batch after the other: that alone gives nobody else a turn.
      await breathe()
    }
  }
  if (context.options.sendInitialEvents && context.options.allowWatchBookmarks) {
    void sink([bookmark(resource, revision, { 'k8s.io/initial-events-end': 'true' })])
    deps.measured.watchList(resource, scopeOf(context), clock.monotonicMs() - startMs)
  }
  return revision
}

/** So much of what is there already is sent at a time, and the next when this is on its way. */
const batchMax = 64
const batchBytesMax = 256 << 10

function batchEnd(items: readonly CachedObject[], start: number): number {
  let end = start
  let bytes = 0
  do bytes += items[end++]!.storedBytes
  while (end < items.length && end - start < batchMax && bytes < batchBytesMax)
  return end
}

function initialEvents(
  resource: Resource,
  selection: Selection,
  items: readonly CachedObject[],
): ServedEvent[] {
  const events: ServedEvent[] = []
  for (const item of items) {
    const servable = present(resource, item)
    if (selection.matches(servable.object)) events.push(toEvent('ADDED', servable))
  }
  return events
}

function deliver(
  resource: Resource,
  selection: Selection,
  events: readonly CacheEvent[],
  sink: Sink,
): Promise<void> | undefined {
  const served = selection.all
    ? sharedBatch(resource, selection, events)
    : servedBatch(resource, selection, events)
  return served.length > 0 ? sink(served) : undefined
}

type Batch = readonly ServedEvent[]

const shared = new WeakMap<readonly CacheEvent[], Map<Resource, Batch>>()

/** The cache gives all watchers of a folder the same batch; those that want all of it are sent the same. */
function sharedBatch(resource: Resource, selection: Selection, events: readonly CacheEvent[]): Batch {
  const byResource = memo(shared, events, () => new Map<Resource, Batch>())
  return memo(byResource, resource, () => servedBatch(resource, selection, events))
}

function servedBatch(resource: Resource, selection: Selection, events: readonly CacheEvent[]): Batch {
  const served: ServedEvent[] = []
  for (const event of events) {
    const out = serve(resource, selection, event)
    if (out) served.push(out)
  }
  return served
}

/** An object that starts to match is ADDED, one that stops to match is DELETED with its last matching state. */
function serve(resource: Resource, selection: Selection, event: CacheEvent): ServedEvent | undefined {
  const current = event.current && present(resource, event.current)
  const isIn = current !== undefined && (selection.all || selection.matches(current.object))
  const previous = event.previous && (selection.all ? event.previous : present(resource, event.previous))
  const wasIn = previous !== undefined && (selection.all || selection.matches(previous.object))
  if (isIn) return toEvent(wasIn ? 'MODIFIED' : 'ADDED', current)
  return wasIn ? toEvent('DELETED', presentDeparted(resource, event)) : undefined
}

/** Its last state here at the revision of the event; what a webhook converted before is not converted again. */
function presentDeparted(resource: Resource, { departed, previous }: CacheEvent): Servable {
  if (!resource.custom?.convert) return present(resource, departed!)
  return presentRemoved(resource, departed!, present(resource, previous!))
}

function toEvent(type: ServedEvent['type'], servable: Servable): ServedEvent {
  return { type, object: servable.object, servable }
}

/**
 * Bookmarks as upstream's `nextBookmarkTime` spaces them, also when nothing changed since the last one: only a watch that is
 * still where it began is told nothing. A client that has yet to be sent something is told no revision either.
 */
function startBookmarks(call: RestCall, timeoutMs: number, paced: PacedWatch, sink: Sink): () => void {
  const { deps, resource } = call
  const { clock } = deps.ports
  const begun = deps.cache.revision()
  const lastMs = clock.monotonicMs() + timeoutMs - bookmarkBeforeEndMs
  let cancel = () => {}
  const arm = () => {
    const delayMs = Math.min(bookmarkPeriodMs, lastMs - clock.monotonicMs())
    if (delayMs <= 0) return
    cancel = clock.setTimer(delayMs, () => {
      const revision = deps.cache.revision()
      if (revision > begun && paced.isCurrent()) void sink([bookmark(resource, revision)])
      arm()
    })
  }
  arm()
  return () => cancel()
}

function bookmark(resource: Resource, revision: number, annotations?: Record<string, string>): ServedEvent {
  const metadata = {
    resourceVersion: String(revision),
    ...(annotations && { annotations }),
  }
  const apiVersion = toApiVersion(resource.group, resource.version)
  const object = { kind: resource.kind, apiVersion, metadata }
  // Upstream sends an empty object of the kind, with what is never left out.
  if (isBuiltin(resource)) fillZeroValues(resource.schema, object)
  const { emptyForm } = resource
  return { type: 'BOOKMARK', object: emptyForm ? applyMergePatch(object, emptyForm) : object }
}
