import { fromKey, objectKey, type ResourceName, type ResourceRef, toKey } from '../client/resource.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { controllerOf } from '../machinery/meta/owners.ts'
import { type LabelSelectorSpec, labelSelectorFrom, matchesLabels } from '../machinery/selector/index.ts'
import type { Metrics } from '../std/metrics.ts'
import type { Cancel } from '../std/ports.ts'
import type { Plan } from './actions.ts'
import { applyPlan } from './apply.ts'
import { Expectations } from './expectations.ts'
import { informerStores, type View, viewFor } from './view.ts'
import type { Sync, Worker, WorkerContext } from './worker.ts'

export interface Controller<T extends KubeObject> {
  readonly name: string
  /** See `Worker`. */
  readonly identity: string
  readonly eventSource?: string
  readonly concurrency?: number
  /** The kind that is planned for: one key per object. */
  readonly primary: ResourceRef<T>
  /** Default: every change of a primary wakes it. Its end always does. */
  readonly wakes?: (object: T, old: T | undefined, store: View['store']) => boolean
  /** Kinds whose objects name their primary as controller; a change wakes it. */
  readonly owns?: readonly Owned<T>[]
  /** Other kinds that a plan looks at, and which primaries a change of theirs wakes. */
  readonly watches?: readonly Watched[]
  /**
   * Says what must be done about one object now. Pure: looks only at its arguments, changes none of them. It is
   * called again after every change of what it looked at, and never before the view shows what it did last.
   */
  readonly plan: (object: T, view: View, nowMs: number) => Plan
  /** Told of each plan that was carried out for a primary that is there, to count it. */
  readonly synced?: (sync: Synced<T>, metrics: Metrics) => void
  /** What is left to do for a primary that is not there (any more). */
  readonly gone?: (key: string, store: View['store']) => Plan
}

export interface Synced<T> {
  readonly object: T
  readonly plan: Plan
  /** What made it fail; undefined when nothing did. */
  readonly error: unknown
  readonly ms: number
}

export interface Owned<T extends KubeObject> {
  readonly resource: ResourceName
  /** When given, objects without a controller wake the primaries of their namespace that select them. */
  readonly adopts?: (primary: T) => LabelSelectorSpec | undefined
  /** Default: every change wakes. A plan that waits for its own write of what does not wake asks to be called again. */
  readonly wakes?: (object: KubeObject | undefined, old: KubeObject | undefined) => boolean
}

export interface Watched {
  readonly resource: ResourceName
  readonly start: (context: WorkerContext, view: View['store']) => void
}

/** Another kind that wakes primaries: `keys` names them for the new and for the old state of a changed object. */
export function watched<R extends KubeObject>(
  resource: ResourceRef<R>,
  keys: (object: R, store: View['store']) => Iterable<string>,
  unchanged: (a: R, b: R) => boolean = () => false,
): Watched {
  const start: Watched['start'] = (context, store) =>
    context.watch(resource, (object, old) => {
      if (object && old && unchanged(object, old)) return []
      return new Set([...(old ? keys(old, store) : []), ...(object ? keys(object, store) : [])])
    })
  return { resource, start }
}

/** Turns a plan into a controller: queue, back-off, events and waiting for one's own writes come with it. */
export function defineController<T extends KubeObject>(controller: Controller<T>): Worker {
  const { name, identity, eventSource, concurrency } = controller
  return { name, identity, eventSource, concurrency, start: context => start(controller, context) }
}

/** As long as upstream's expectations live (controller_utils.go ExpectationsTimeout). */
const expectationMaxMs = 300_000

function start<T extends KubeObject>(controller: Controller<T>, context: WorkerContext): Sync {
  const { primary, owns = [], watches = [] } = controller
  const { informers, ports } = context
  const store = informerStores(informers)
  const resources = [
    primary,
    ...owns.map(({ resource }) => resource),
    ...watches.map(({ resource }) => resource),
  ]
  const expectations = new Expectations(informers, resources)
  const parked = new Map<string, Cancel>()
  const unpark = (key: string) => {
    parked.get(key)?.()
    parked.delete(key)
    context.enqueue(key)
  }
  const park = (key: string) => {
    if (parked.has(key)) return
    const cancel = ports.clock.setTimer(expectationMaxMs, () => {
      expectations.forget(key)
      unpark(key)
    })
    parked.set(key, cancel)
  }
  const unparkAll = () => {
    for (const cancel of parked.values()) cancel()
  }
  context.signal.addEventListener('abort', unparkAll, { once: true })
  const wake = () => {
    for (const key of parked.keys()) if (!expectations.unmet(key)) unpark(key)
  }
  const watching = { ...context, watch: subscribe(context, wake) }
  watching.watch(primary, (object, old) =>
    object && controller.wakes && !controller.wakes(object, old, store) ? [] : [objectKey((object ?? old)!)],
  )
  for (const owned of owns) watchOwned({ controller, owned, context: watching, store })
  for (const other of watches) other.start(watching, store)

  return async key => {
    const { namespace, name } = fromKey(key)
    const object = store(primary).get(namespace, name)
    if (!object) expectations.forget(key)
    if (expectations.unmet(key)) {
      park(key)
      return {}
    }
    const startMs = ports.clock.monotonicMs()
    const plan = object
      ? controller.plan(object, viewFor(object, store), ports.clock.nowMs())
      : (controller.gone?.(key, store) ?? [])
    const { written, requeueAfterMs, error } = await applyPlan(context, plan)
    expectations.add(key, written)
    if (object) {
      const ms = ports.clock.monotonicMs() - startMs
      controller.synced?.({ object, plan, error, ms }, ports.metrics)
    }
    if (error !== undefined) throw error
    return { afterMs: requeueAfterMs }
  }
}

/** Like `context.watch`, and every change is a chance that a parked key has seen what it waits for. */
function subscribe(context: WorkerContext, wake: () => void): WorkerContext['watch'] {
  return (resource, keys) =>
    context.watch(resource, (object, old) => {
      wake()
      return keys(object, old)
    })
}

interface OwnedWatch<T extends KubeObject> {
  readonly controller: Controller<T>
  readonly owned: Owned<T>
  readonly context: WorkerContext
  readonly store: View['store']
}

function watchOwned<T extends KubeObject>({ controller, owned, context, store }: OwnedWatch<T>): void {
  const { primary } = controller
  const owner = (object: KubeObject | undefined) => object && ownerKey(primary, object, store)
  context.watch(owned.resource, (object, old) => {
    if (owned.wakes && !owned.wakes(object, old)) return []
    const keys = new Set([owner(old), owner(object)])
    const { adopts } = owned
    if (!object || !adopts || controllerOf(object)) return keys
    const labelsChanged = !old || old.metadata.labels !== object.metadata.labels || controllerOf(old)
    if (labelsChanged)
      for (const key of selecting(store(primary).list(object.metadata.namespace), adopts, object))
        keys.add(key)
    return keys
  })
}

function ownerKey<T extends KubeObject>(
  primary: ResourceRef<T>,
  object: KubeObject,
  store: View['store'],
): string | undefined {
  const reference = controllerOf(object)
  if (reference?.kind !== primary.kind || !inGroup(reference.apiVersion, primary.group)) return undefined
  const owner = store(primary).get(object.metadata.namespace, reference.name)
  return owner?.metadata.uid === reference.uid ? toKey(object.metadata.namespace, reference.name) : undefined
}

function inGroup(apiVersion: string, group: string): boolean {
  const slash = apiVersion.indexOf('/')
  return (slash < 0 ? '' : apiVersion.slice(0, slash)) === group
}

function selecting<T extends KubeObject>(
  primaries: readonly T[],
  adopts: (primary: T) => LabelSelectorSpec | undefined,
  object: KubeObject,
): string[] {
  return primaries
    .filter(primary => matchesLabels(labelSelectorFrom(adopts(primary)), object.metadata.labels))
    .map(objectKey)
}
