import type { JsonObject, KubeList, KubeObject } from '../machinery/meta/object.ts'
import { deepFreeze } from '../machinery/meta/value.ts'
import { StatusError, type StatusReason } from '../machinery/status/status.ts'
import { objectKey, toKey } from './resource.ts'
import type { ApiCall, Transport, WatchEvent } from './transport.ts'

interface Watcher {
  readonly call: ApiCall
  readonly sink: (events: readonly WatchEvent[]) => void
  readonly end: () => void
}

interface Logged {
  readonly resource: string
  readonly revision: number
  readonly event: WatchEvent
}

/**
 * A transport for tests: a few maps that answer like a server with few of its rules (finalizers and propagation,
 * but no validation and no defaults; every patch is a merge patch), and that can be made to fail.
 */
export class FakeTransport implements Transport {
  /** Every call in order, failed ones too; without watches. */
  readonly calls: ApiCall[] = []
  readonly #tables = new Map<string, Map<string, KubeObject>>()
  readonly #watchers = new Set<Watcher>()
  readonly #failures = new Map<string, unknown[]>()
  readonly #history: Logged[] = []
  #held: Logged[] | undefined
  #revision = 0
  #forgotten = 0
  #uid = 0

  object(resource: string, key: string): KubeObject | undefined {
    return this.#table(resource).get(key)
  }

  objects(resource: string): KubeObject[] {
    return [...this.#table(resource).values()]
  }

  /** Stores an object as a server would after a write of somebody else, and tells the watchers. */
  put(resource: string, object: KubeObject): KubeObject {
    const key = objectKey(object)
    const old = this.#table(resource).get(key)
    const uid = object.metadata.uid ?? old?.metadata.uid ?? `uid-${++this.#uid}`
    const metadata = { ...object.metadata, uid, resourceVersion: `${++this.#revision}` }
    const stored = deepFreeze({ ...object, metadata }, true)
    this.#table(resource).set(key, stored)
    this.#emit(old ? 'MODIFIED' : 'ADDED', resource, stored)
    const released = old && finalizersOf(old).length > 0 && finalizersOf(stored).length === 0
    if (metadata.deletionTimestamp && released) this.remove(resource, key)
    return stored
  }

  remove(resource: string, key: string): void {
    const old = this.#table(resource).get(key)
    if (!old) return
    this.#table(resource).delete(key)
    const metadata = { ...old.metadata, resourceVersion: `${++this.#revision}` }
    this.#emit('DELETED', resource, { ...old, metadata })
  }

  /** The next call or watch of this verb is refused. */
  failNext(verb: ApiCall['verb'], error: unknown): void {
    this.#failures.set(verb, [...(this.#failures.get(verb) ?? []), error])
  }

  /** Ends all watches; with `forget`, history up to now is gone, so that watching from before it is 410. */
  dropWatches({ forget = false } = {}): void {
    if (forget) this.#forgotten = this.#revision
    for (const watcher of [...this.#watchers]) watcher.end()
  }

  /** From now on events pile up at the watchers' door. */
  holdEvents(): void {
    this.#held ??= []
  }

  releaseEvents(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const logged of held) this.#deliver(logged)
  }

  async call(call: ApiCall): Promise<KubeObject> {
    this.calls.push(call)
    this.#takeFailure(call.verb)
    switch (call.verb) {
      case 'get':
        return this.#found(call)
      case 'list':
        return this.#list(call)
      case 'create':
        return this.#create(call)
      case 'update':
        return this.#update(call)
      case 'patch':
        return this.put(call.resource, mergePatched(this.#found(call), call.body) as KubeObject)
      case 'delete':
        return this.#delete(call)
      case 'deletecollection':
        for (const item of this.#items(call)) this.#delete({ ...call, name: item.metadata.name })
        return this.#list(call)
      default:
        throw fakeFailure(405, 'MethodNotAllowed', call.verb)
    }
  }

  async watch(call: ApiCall, sink: Watcher['sink'], signal: AbortSignal): Promise<void> {
    this.#takeFailure('watch')
    const from = Number(call.options?.resourceVersion ?? 0)
    if (from < this.#forgotten) throw fakeFailure(410, 'Expired', 'too old resource version')
    const { promise, resolve } = Promise.withResolvers<void>()
    const watcher = { call, sink, end: resolve }
    this.#watchers.add(watcher)
    signal.addEventListener('abort', () => resolve(), { once: true })
    const held = this.#held ?? []
    for (const logged of this.#history) {
      if (logged.revision > from && !held.includes(logged) && matches(call, logged)) sink([logged.event])
    }
    await promise
    this.#watchers.delete(watcher)
  }

  #table(resource: string): Map<string, KubeObject> {
    const found = this.#tables.get(resource) ?? new Map<string, KubeObject>()
    this.#tables.set(resource, found)
    return found
  }

  #emit(type: WatchEvent['type'], resource: string, object: KubeObject): void {
    const logged = { resource, revision: this.#revision, event: { type, object } }
    this.#history.push(logged)
    if (this.#held) this.#held.push(logged)
    else this.#deliver(logged)
  }

  #deliver(logged: Logged): void {
    for (const { call, sink } of [...this.#watchers]) if (matches(call, logged)) sink([logged.event])
  }

  #takeFailure(verb: string): void {
    const failure = this.#failures.get(verb)?.shift()
    if (failure !== undefined) throw failure
  }

  #found(call: ApiCall): KubeObject {
    const object = this.#table(call.resource).get(toKey(call.namespace, call.name!))
    if (!object) throw fakeFailure(404, 'NotFound', `${call.resource} "${call.name}" not found`)
    return object
  }

  #items({ resource, namespace }: ApiCall): KubeObject[] {
    return this.objects(resource).filter(
      ({ metadata }) => namespace === undefined || namespace === metadata.namespace,
    )
  }

  #list(call: ApiCall): KubeObject {
    const list: KubeList = { metadata: { resourceVersion: `${this.#revision}` }, items: this.#items(call) }
    return list as unknown as KubeObject
  }

  #create(call: ApiCall): KubeObject {
    const body = call.body as KubeObject
    if (call.subresource) return body
    const name = body.metadata.name ?? `${body.metadata.generateName}${++this.#uid}`
    if (this.object(call.resource, toKey(body.metadata.namespace, name)))
      throw fakeFailure(409, 'AlreadyExists', `${call.resource} "${name}" already exists`)
    return this.put(call.resource, { ...body, metadata: { ...body.metadata, name } })
  }

  #update(call: ApiCall): KubeObject {
    const old = this.#found(call)
    const body = call.body as KubeObject & { status?: unknown }
    const given = body.metadata.resourceVersion
    if (given && given !== old.metadata.resourceVersion)
      throw fakeFailure(409, 'Conflict', `Operation cannot be fulfilled on ${call.resource} "${call.name}"`)
    const updated =
      call.subresource === 'status' ? { ...old, metadata: body.metadata, status: body.status } : body
    return this.put(call.resource, updated)
  }

  #delete(call: ApiCall): KubeObject {
    const old = this.#found(call)
    const options = (call.body ?? {}) as { preconditions?: { uid?: string }; propagationPolicy?: string }
    const wanted = options.preconditions?.uid
    if (wanted && wanted !== old.metadata.uid)
      throw fakeFailure(409, 'Conflict', `uid of ${call.name} differs`)
    const finalizer = propagationFinalizers[options.propagationPolicy ?? '']
    const finalizers = [...new Set([...(old.metadata.finalizers ?? []), ...(finalizer ? [finalizer] : [])])]
    const metadata = {
      ...old.metadata,
      finalizers,
      deletionTimestamp: old.metadata.deletionTimestamp ?? '2026-01-01T00:00:00Z',
    }
    if (finalizersOf({ ...old, metadata }).length > 0) return this.put(call.resource, { ...old, metadata })
    this.remove(call.resource, objectKey(old))
    return old
  }
}

const propagationFinalizers: Readonly<Record<string, string>> = {
  Foreground: 'foregroundDeletion',
  Orphan: 'orphan',
}

/** Namespaces have some in their spec. */
function finalizersOf(object: KubeObject & { spec?: { finalizers?: string[] } }): readonly string[] {
  return [...(object.metadata.finalizers ?? []), ...(object.spec?.finalizers ?? [])]
}

/** A StatusError as a server would send it. */
export function fakeFailure(code: number, reason: StatusReason, message: string): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  })
}

function matches(call: ApiCall, { resource, event }: Logged): boolean {
  if (call.resource !== resource) return false
  return call.namespace === undefined || call.namespace === event.object.metadata.namespace
}

function mergePatched(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: JsonObject = typeof target === 'object' && target !== null ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatched(result[key], value)
  }
  return result
}
