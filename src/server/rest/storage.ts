import type { Resource } from '../../api/define.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep, deepEqual } from '../../machinery/meta/value.ts'
import { forgetEmpties } from '../../machinery/schema/empties.ts'
import { toStoredForm } from '../../machinery/schema/stored-form.ts'
import { notFound, plainFailure, serviceUnavailable } from '../../machinery/status/errors.ts'
import { StoreRefusedError, StoreUnavailableError } from '../../storage/store.ts'
import { type CachedObject, objectKey } from '../watchcache/index.ts'
import { groupResource, type RestCall } from './call.ts'
import { encodeStored, withoutRevision } from './stored-edits.ts'

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

const namespaces = { group: '', plural: 'namespaces' }

/** The labels of the namespace that the request is about; none when there is no such namespace. */
export function labelsAround({ deps, context }: RestCall): Readonly<Record<string, string>> {
  return deps.cache.get(objectKey(namespaces, '', context.info.namespace))?.object.metadata.labels ?? {}
}

/** The stored object that the request names, or 404. */
export function requireStored(call: RestCall): CachedObject {
  const found = findStored(call)
  if (!found) throw notFound(groupResource(call.resource), call.context.info.name)
  return found
}

/**
 * The object as it comes back from upstream's store: from here on what a client gave empty is nothing. The last step
 * before it is compared with what is stored and written, also of a dry run.
 */
export function settleForStore({ custom, schema, storage }: Resource, object: KubeObject): void {
  forgetEmpties(object)
  if (!custom && !storage.keepsEmpties) toStoredForm(schema, object)
}

/** Writes an object of this resource's version in the place of `previous`. */
export async function writeStored(
  call: RestCall,
  object: KubeObject,
  previous: CachedObject | undefined,
): Promise<CachedObject> {
  const { deps, context, resource } = call
  const stored = resource.custom?.convert
    ? await convertToStored(resource, object)
    : toStored(resource, object)
  const { name = '' } = object.metadata
  context.requireTurn?.()
  try {
    return await deps.cache.put({
      key: keyOf(resource, object.metadata.namespace ?? context.info.namespace, name),
      object: stored,
      encoded: encodeStored(stored, previous),
      expected: previous?.revision ?? 0,
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
    if (allocator !== undefined) await deps.allocators.get(allocator)?.release(removed.object)
    return removed
  } catch (error) {
    throw asUnavailable(error)
  }
}

/** A store that cannot write now is a 503, one that will not a 500 in its own words; any other error stays what it is. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof StoreRefusedError) return plainFailure(error.message)
  return error instanceof StoreUnavailableError ? serviceUnavailable(error.message) : error
}

async function convertToStored(resource: Resource, object: KubeObject): Promise<KubeObject> {
  const { storage, version, custom } = resource
  if (storage.version === version) return toStored(resource, object)
  const [converted] = await custom!.convert!([object], toApiVersion(storage.group, storage.version))
  return toStored(resource, converted!)
}

/**
 * Whether `stored` has to be written anew although nobody changed what it says: custom objects of another storage
 * version or schema come into that of today with every write.
 */
export function isOutdated(resource: Resource, stored: CachedObject, object: KubeObject): boolean {
  if (!resource.custom) return false
  const { storage, custom } = resource
  if (stored.object.apiVersion !== toApiVersion(storage.group, storage.version)) return true
  // Of what a webhook made nobody knows whether it changed without asking again.
  if (custom.convert && storage.version !== resource.version) return false
  return !deepEqual(withoutRevision(toStored(resource, object)), withoutRevision(stored.object))
}

/** Storage version, type first, resourceVersion left to the store. */
function toStored(resource: Resource, object: KubeObject): KubeObject {
  const { storage } = resource
  const apiVersion = toApiVersion(storage.group, storage.version)
  const converted = resource.conversion ? resource.conversion.toStorage(cloneDeep(object)) : object
  const { kind: _kind, apiVersion: _version, metadata, ...rest } = converted
  const { resourceVersion: _revision, selfLink: _link, ...kept } = metadata
  return { kind: resource.kind, apiVersion, metadata: kept, ...rest }
}
