/** Stored objects as the versions of their kind show them. */

import type { Resource } from '../../api/define.ts'
import { fromApiVersion, toApiVersion } from '../../machinery/meta/group.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep, deepEqual, deepFreeze } from '../../machinery/meta/value.ts'
import { applySchemaDefaults } from '../../machinery/schema/defaults.ts'
import { assert } from '../../std/assert.ts'
import type { Servable } from '../context.ts'
import type { CachedObject } from '../watchcache/index.ts'
import { memo } from './memo.ts'

/** Built-in versions are one for ever; a custom kind's schema changes, and what is read changes with it. */
type ViewKey = string | Resource

function viewKeyOf(resource: Resource): ViewKey {
  return resource.custom ? resource : toApiVersion(resource.group, resource.version)
}

const views = new WeakMap<CachedObject, Map<ViewKey, Servable>>()

/** A custom kind's versions that its webhook converts are asked for in parts of so many objects. */
const conversionPartMax = 500

/**
 * Undefined when `present` may be called for these at once, as for nearly every kind; otherwise it may when this
 * resolves. Rejects with what the conversion webhook failed with.
 */
export function prepareViews(resource: Resource, cached: readonly CachedObject[]): Promise<void> | undefined {
  if (!resource.custom?.convert) return undefined
  const apiVersion = toApiVersion(resource.group, resource.version)
  const foreign = cached.filter(
    each => each.object.apiVersion !== apiVersion && !views.get(each)?.has(resource),
  )
  return foreign.length === 0 ? undefined : convertViews(resource, apiVersion, foreign)
}

/** `prepareViews` for runs. */
export function prepareRuns(
  resource: Resource,
  runs: readonly (readonly CachedObject[])[],
): Promise<void> | undefined {
  return resource.custom?.convert ? prepareViews(resource, runs.flat()) : undefined
}

async function convertViews(
  resource: Resource,
  apiVersion: string,
  foreign: readonly CachedObject[],
): Promise<void> {
  for (let start = 0; start < foreign.length; start += conversionPartMax) {
    const part = foreign.slice(start, start + conversionPartMax)
    const converted = await resource.custom!.convert!(
      part.map(({ object }) => object),
      apiVersion,
    )
    part.forEach((cached, index) => {
      const byVersion = memo(views, cached, () => new Map<ViewKey, Servable>())
      byVersion.set(resource, readCustom(resource, cached, converted[index]!))
    })
  }
}

/** `present`, which for kinds with a conversion webhook takes a while. */
export function presentLater(resource: Resource, cached: CachedObject): Servable | Promise<Servable> {
  const pending = prepareViews(resource, [cached])
  return pending ? pending.then(() => present(resource, cached)) : present(resource, cached)
}

/** An object that lies in no cache, frozen, as an answer carries it. */
export function unkept(object: KubeObject): Servable {
  return { object: deepFreeze(object), encodings: new Map() }
}

/** What was just removed, as `seen` showed it to this request, at the revision of its removal. */
export function presentRemoved(resource: Resource, removed: CachedObject, seen: Servable): Servable {
  if (!resource.custom?.convert) return present(resource, removed)
  const metadata = { ...seen.object.metadata, resourceVersion: String(removed.revision) }
  return unkept({ ...seen.object, metadata })
}

/** A stored object as this resource's version serves it. Made once per version and kept with the object. */
export function present(resource: Resource, cached: CachedObject): Servable {
  if (!resource.custom && cached.object.apiVersion === toApiVersion(resource.group, resource.version))
    return cached
  const byVersion = memo(views, cached, () => new Map<ViewKey, Servable>())
  return memo(byVersion, viewKeyOf(resource), () => convertFromStorage(resource, cached))
}

const presentedRuns = new WeakMap<readonly CachedObject[], Map<ViewKey, readonly Servable[]>>()

/** `present` for each of a run; the same array again for the same run. */
export function presentRun(resource: Resource, run: readonly CachedObject[]): readonly Servable[] {
  const byVersion = memo(presentedRuns, run, () => new Map<ViewKey, readonly Servable[]>())
  return memo(byVersion, viewKeyOf(resource), () => {
    const views = run.map(cached => present(resource, cached))
    return views.every((view, index) => view === run[index]) ? run : views
  })
}

function convertFromStorage(resource: Resource, cached: CachedObject): Servable {
  const apiVersion = toApiVersion(resource.group, resource.version)
  assert(
    !resource.custom?.convert || cached.object.apiVersion === apiVersion,
    'what a webhook converts is prepared first',
  )
  const converted = resource.conversion
    ? resource.conversion.fromStorage(cloneDeep(cached.object))
    : cached.object
  if (resource.custom) return readCustom(resource, cached, { ...converted, apiVersion })
  return unkept({ ...converted, kind: resource.kind, apiVersion })
}

/** What was stored under another schema is defaulted and pruned by the one of today. */
function readCustom(resource: Resource, cached: CachedObject, converted: KubeObject): Servable {
  const object = cloneDeep(converted)
  shapeStored(resource, fromApiVersion(cached.object.apiVersion ?? '')?.version ?? '', object)
  return deepEqual(object, cached.object) ? cached : unkept(object)
}

function shapeStored(resource: Resource, storedVersion: string, object: KubeObject): void {
  const isOwn = storedVersion === resource.version
  const schema = isOwn ? resource.schema : resource.custom!.schemaOf?.(storedVersion)
  // Defaults are those of the version that is stored; a webhook has seen them, and its answer gets none.
  if (schema && (isOwn || !resource.custom!.convert))
    applySchemaDefaults(schema, object as unknown as JsonObject)
  if (!isOwn && !resource.custom!.convert) resource.custom!.pruneStored?.(object, storedVersion)
  resource.custom!.prune(object)
}

/**
 * What is not kept as it would be read: with the defaults of its stored version, without what that does not know, and
 * by way of the conversion webhook. Rejects with what that failed with.
 */
export async function presentUnstored(resource: Resource, object: KubeObject): Promise<Servable> {
  const { custom, storage, group, version } = resource
  if (!custom) return unkept(object)
  let read = object
  if (custom.convert && storage.version !== version) {
    const stored = await custom.convert([object], toApiVersion(storage.group, storage.version))
    const [back] = await custom.convert(stored, toApiVersion(group, version))
    read = back!
  }
  shapeStored(resource, storage.version, read)
  return unkept(read)
}
