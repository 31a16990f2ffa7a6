import type { KubeList, KubeObject } from '../machinery/meta/object.ts'
import { StatusError } from '../machinery/status/status.ts'
import { messageOf } from '../std/message.ts'
import type { Cancel, Ports } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import { type Breathe, beginWork } from '../std/turns.ts'
import type { Client } from './client.ts'
import { hasReason, isExpired } from './failure.ts'
import { createObjectStore, type ObjectStore, type ObjectStoreWriter } from './object-store.ts'
import { compareRevisions, objectKey, type ResourceRef, resourceId } from './resource.ts'
import type { WatchEvent } from './transport.ts'

/** A live copy of one resource (or of the part that the selectors name). */
export interface Informer<T extends KubeObject> {
  readonly resource: ResourceRef<T>
  readonly store: ObjectStore<T>
  /**
   * Calls `handler` for every change, in order, right after the store has taken it; first of all once for each
   * object that is there already. A relist shows as the difference. A handler that throws is logged.
   */
  onChange(handler: ChangeHandler<T>): Cancel
  /** The same without the objects that are there already: who reads the store anyway need not hear of thousands. */
  onLaterChange(handler: ChangeHandler<T>): Cancel
  /** True from the first complete list on. */
  synced(): boolean
  whenSynced(): Promise<void>
  /** The newest resourceVersion seen (objects and bookmarks); '' before the first list. */
  lastRevision(): string
  /** Lists and watches until `signal` aborts; outlives every failure, waiting longer each time. */
  run(signal: AbortSignal): Promise<void>
}

/** `object` undefined: deleted. `old` undefined: added. For a delete `old` is the last state seen. */
export interface Change<T extends KubeObject> {
  readonly key: string
  readonly old: T | undefined
  readonly object: T | undefined
}

export type ChangeHandler<T extends KubeObject> = (change: Change<T>) => void

export interface InformerOptions<T extends KubeObject> {
  readonly client: Client
  readonly resource: ResourceRef<T>
  readonly ports: Ports
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** Reflector's back-off (client-go tools/cache): 800 ms doubling to 30 s, reset after a calm watch. */
const backoffMinMs = 800
const backoffMaxMs = 30_000
const backoffResetMs = 120_000

/** Makes an informer; nothing happens before `run`. */
export function createInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  const { ports, resource } = options
  const store = createObjectStore<T>()
  const handlers = new Set<ChangeHandler<T>>()
  const firstSync = Promise.withResolvers<void>()
  let synced = false
  let revision = ''

  const call = (handler: ChangeHandler<T>, change: Change<T>) => {
    try {
      handler(change)
    } catch (error) {
      const fields = { resource: resourceId(resource), key: change.key, error: messageOf(error) }
      ports.log.error('change handler failed', fields)
    }
  }
  const notify = (change: Change<T>) => {
    for (const handler of handlers) call(handler, change)
  }
  const replace = async (list: KubeList<T>) => {
    await replaceAll(store, list.items, notify, beginWork(ports.clock))
    revision = list.metadata.resourceVersion ?? ''
    synced = true
    firstSync.resolve()
  }
  const take = (event: WatchEvent<T>) => {
    if (event.type === 'ERROR') throw new StatusError(event.object as unknown as StatusError['status'])
    revision = event.object.metadata.resourceVersion ?? revision
    if (event.type === 'BOOKMARK') return
    const key = objectKey(event.object)
    if (event.type === 'DELETED') {
      const old = store.remove(key)
      if (old) notify({ key, old: newest(old, event.object), object: undefined })
      return
    }
    notify({ key, old: store.put(event.object), object: event.object })
  }
  const onLaterChange = (handler: ChangeHandler<T>) => {
    handlers.add(handler)
    return () => void handlers.delete(handler)
  }
  return {
    resource,
    store,
    onChange(handler) {
      const cancel = onLaterChange(handler)
      for (const key of [...store.keys()]) call(handler, { key, old: undefined, object: store.byKey(key) })
      return cancel
    },
    onLaterChange,
    synced: () => synced,
    whenSynced: () => firstSync.promise,
    lastRevision: () => revision,
    run: signal => reflect({ options, replace, take, revision: () => revision, signal }),
  }
}

interface Reflector<T extends KubeObject> {
  readonly options: InformerOptions<T>
  readonly replace: (list: KubeList<T>) => Promise<void>
  readonly take: (event: WatchEvent<T>) => void
  readonly revision: () => string
  readonly signal: AbortSignal
}

/**
 * `list`: everything is asked for and swapped in at once. `watch`: changes from the last revision on. A watch
 * that ends goes on where it was; one whose revision is gone goes back to `list`, without a revision.
 */
async function reflect<T extends KubeObject>(reflector: Reflector<T>): Promise<void> {
  const { signal } = reflector
  const { clock } = reflector.options.ports
  let state: 'list' | 'relist' | 'watch' = 'list'
  let failures = 0
  while (!signal.aborted) {
    const startMs = clock.monotonicMs()
    try {
      if (state === 'watch') await watch(reflector)
      else await list(reflector, state === 'relist' ? undefined : reflector.revision())
      if (state === 'watch' && clock.monotonicMs() - startMs < watchShortMs)
        await pause(reflector, failures++)
      state = 'watch'
    } catch (error) {
      if (signal.aborted) return
      if (clock.monotonicMs() - startMs > backoffResetMs) failures = 0
      const expired: boolean = isExpired(error) || isFutureRevision(error)
      report(reflector, state, error)
      if (!expired || state !== 'watch') await pause(reflector, failures++)
      if (expired) state = 'relist'
    }
  }
}

/** A watch that ends sooner than this counts as a failure, so that a broken server is not hammered. */
const watchShortMs = 1_000

async function list<T extends KubeObject>(
  { options, replace }: Reflector<T>,
  resourceVersion: string | undefined,
): Promise<void> {
  const { client, resource, namespace, labelSelector, fieldSelector } = options
  const notOlder = resourceVersion ? { resourceVersion, resourceVersionMatch: 'NotOlderThan' as const } : {}
  await replace(await client.list(resource, { namespace, labelSelector, fieldSelector, ...notOlder }))
}

async function watch<T extends KubeObject>({ options, take, revision, signal }: Reflector<T>): Promise<void> {
  const { client, resource, namespace, labelSelector, fieldSelector } = options
  const scope = {
    namespace,
    labelSelector,
    fieldSelector,
    resourceVersion: revision(),
    allowWatchBookmarks: true,
  }
  // A sink must not throw into the server, so a bad event ends the watch from our side.
  const stop = new AbortController()
  const end = () => stop.abort()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  let failure: unknown
  const sink = (events: readonly WatchEvent<T>[]) => {
    if (stop.signal.aborted) return
    try {
      for (const event of events) take(event)
    } catch (error) {
      failure = error
      stop.abort()
    }
  }
  try {
    await client.watch(resource, scope, sink, stop.signal)
  } finally {
    signal.removeEventListener('abort', end)
  }
  if (failure !== undefined) throw failure
}

function report<T extends KubeObject>({ options }: Reflector<T>, state: string, error: unknown): void {
  const fields = { resource: resourceId(options.resource), error: messageOf(error) }
  if (isExpired(error)) options.ports.log.debug('watch revision is gone, listing again', fields)
  else options.ports.log.warn(`${state} failed`, fields)
}

async function pause<T extends KubeObject>(
  { options, signal }: Reflector<T>,
  failures: number,
): Promise<void> {
  const { random } = options.ports
  const delayMs = Math.min(backoffMinMs * 2 ** failures, backoffMaxMs) * (1 + random.next())
  await sleep(options.ports.clock, delayMs, signal)
}

/** A server that lags behind the one that we listed from (apiserver "Too large resource version"). */
function isFutureRevision(error: unknown): boolean {
  if (!hasReason(error, 'Timeout')) return false
  return error.status.details?.causes?.some(cause => cause.reason === 'ResourceVersionTooLarge') ?? false
}

/** One object after the other, each told of right after the store has taken it: a long list has pauses. */
async function replaceAll<T extends KubeObject>(
  store: ObjectStoreWriter<T>,
  items: readonly T[],
  notify: ChangeHandler<T>,
  breathe: Breathe,
): Promise<void> {
  const gone = new Set(store.keys())
  if (gone.size > 0) for (const object of items) gone.delete(objectKey(object))
  for (const key of gone) notify({ key, old: store.remove(key), object: undefined })
  for (const object of items) {
    const old = store.put(object)
    if (!isSame(old, object)) notify({ key: objectKey(object), old, object })
    const pause = breathe()
    if (pause) await pause
  }
}

function isSame(old: KubeObject | undefined, { metadata }: KubeObject): boolean {
  return old?.metadata.resourceVersion === metadata.resourceVersion && old?.metadata.uid === metadata.uid
}

function newest<T extends KubeObject>(a: T, b: T): T {
  return compareRevisions(a.metadata.resourceVersion, b.metadata.resourceVersion) > 0 ? a : b
}
