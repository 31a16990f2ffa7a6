import type { Resource } from '../../api/define.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { applySchemaDefaults } from '../../machinery/schema/defaults.ts'
import { notFound, serviceUnavailable } from '../../machinery/status/errors.ts'
import { StoreUnavailableError } from '../../storage/store.ts'
import type { Servable } from '../context.ts'
import { type CachedObject, deepFreeze, objectKey } from '../watchcache/index.ts'
import { groupResource, type RestCall } from './call.ts'
import { cloneJson, sameJson } from './clone.ts'
import { memo } from './memo.ts'

export function keyOf(resource: Resource, namespace: string, name: string): string {
  return objectKey(resource.storage, resource.namespaced ? namespace : '', name)
}

/** The stored object that the request names, or undefined. */
export function findStored(
  { deps, context, resource }: RestCall,
  name = context.info.name,
): CachedObject | undefined {
  return deps.cache.get(keyOf(resource, context.info.namespace, name))
}

/** The stored object that the request names, or 404. */
export function requireStored(call: RestCall): CachedObject {
  const found = findStored(call)
  if (!found) throw notFound(groupResource(call.resource), call.context.info.name)
  return found
}

/** Built-in versions are one for ever; a custom kind's schema changes, and what is read changes with it. */
type ViewKey = string | Resource

function viewKeyOf(resource: Resource): ViewKey {
  return resource.custom ? resource : toApiVersion(resource.group, resource.version)
}

const views = new WeakMap<CachedObject, Map<ViewKey, Servable>>()

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
  const converted = resource.conversion
    ? resource.conversion.fromStorage(cloneJson(cached.object))
    : cached.object
  if (resource.custom) return readCustom(resource, cached, { ...converted, apiVersion })
  const object = deepFreeze({ ...converted, kind: resource.kind, apiVersion })
  return { object, encodings: new Map() }
}

/** What was stored under another schema is pruned and defaulted by the one of today. */
function readCustom(resource: Resource, cached: CachedObject, converted: KubeObject): Servable {
  const object = cloneJson(converted)
  resource.custom!.prune(object)
  applySchemaDefaults(resource.schema, object as unknown as JsonObject)
  return sameJson(object, cached.object) ? cached : { object: deepFreeze(object), encodings: new Map() }
}

/** Writes an object of this resource's version; `expected` is the revision that it replaces, 0 for none. */
export async function writeStored(
  call: RestCall,
  object: KubeObject,
  expected: number,
): Promise<CachedObject> {
  const { deps, context, resource } = call
  const stored = toStored(resource, object)
  const { name = '' } = object.metadata
  try {
    return await deps.cache.put({
      key: keyOf(resource, object.metadata.namespace ?? context.info.namespace, name),
      object: stored,
      encoded: Buffer.from(JSON.stringify(stored)),
      expected,
      ...(resource.storage.volatile && { volatile: true }),
    })
  } catch (error) {
    throw asUnavailable(error)
  }
}

/** Removes what `seen` is the last value of, and gives back what it had been allocated. */
export async function removeStored({ deps, resource }: RestCall, seen: CachedObject): Promise<CachedObject> {
  const { allocator } = resource.strategy
  try {
    const removed = await deps.cache.remove(seen.key, seen.revision)
    if (allocator !== undefined) deps.allocators.get(allocator)?.release(removed.object)
    return removed
  } catch (error) {
    throw asUnavailable(error)
  }
}

function asUnavailable(error: unknown): unknown {
  return error instanceof StoreUnavailableError ? serviceUnavailable(error.message) : error
}

/** Storage version, type first, resourceVersion left to the store. */
function toStored(resource: Resource, object: KubeObject): KubeObject {
  const { storage } = resource
  const apiVersion = toApiVersion(storage.group, storage.version)
  const converted = resource.conversion ? resource.conversion.toStorage(cloneJson(object)) : object
  const { kind: _kind, apiVersion: _version, metadata, ...rest } = converted
  const { resourceVersion: _revision, selfLink: _link, ...kept } = metadata
  return { kind: resource.kind, apiVersion, metadata: kept, ...rest }
}
