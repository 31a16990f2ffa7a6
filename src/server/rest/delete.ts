import type { KubeObject } from '../../machinery/meta/object.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { conflict, notFound, successStatus } from '../../machinery/status/errors.ts'
import { CasError } from '../../storage/store.ts'
import type { Response, Servable } from '../context.ts'
import type { CachedObject } from '../watchcache/index.ts'
import { admitMutating, admitValidating, groupResource, type RestCall } from './call.ts'
import { type DeleteOptions, deleteOptionsOf } from './delete-options.ts'
import { planDeletion } from './deletion.ts'
import { findStored, removeStored, writeStored } from './storage.ts'
import { presentLater, presentRemoved, unkept } from './views.ts'

/** Lost races after which a DELETE gives up. */
const attemptsMax = 20

/** DELETE of one object: removes it, or marks it for those who have to finish first. */
export async function deleteOne(call: RestCall): Promise<Response> {
  const options = deleteOptionsOf(call.context)
  warnOfPropagation(call, options)
  const { removed, servable } = await deleteNamed(call, call.context.info.name, options)
  const { resource } = call
  if (removed && !resource.strategy.returnsDeletedObject) return deletedStatus(call, servable.object)
  // Upstream tells those who asked for no orphans in the old way, and them alone, that it is not done yet.
  const status = !removed && options.orphanDependents === false ? 202 : 200
  return { kind: 'object', status, object: servable.object, resource, servable }
}

/** Says what happens to dependents when the client does not and the kind's default surprises. */
export function warnOfPropagation({ resource, context }: RestCall, options: DeleteOptions): void {
  const { propagationWarning } = resource.strategy
  if (!propagationWarning || options.propagationPolicy || options.orphanDependents !== undefined) return
  context.warnings.push(propagationWarning)
}

export interface Deleted {
  readonly removed: boolean
  readonly servable: Servable
}

/** Deletes by name; races with other writers are run again. 404, 409 for preconditions. */
export async function deleteNamed(call: RestCall, name: string, options: DeleteOptions): Promise<Deleted> {
  for (let attempt = 1; ; attempt++) {
    const stored = findStored(call, name)
    if (!stored) throw notFound(groupResource(call.resource), name)
    try {
      return await deleteOnce(call, stored, options)
    } catch (error) {
      if (!(error instanceof CasError) || attempt === attemptsMax) throw error
    }
  }
}

async function deleteOnce(call: RestCall, stored: CachedObject, options: DeleteOptions): Promise<Deleted> {
  const { resource, deps } = call
  const current = await presentLater(resource, stored)
  checkPreconditions(call, current.object, options)
  if (!options.isAdmitted) await admitDeletion(call, current.object, options)
  const { holdsDeletion, deletionFinalizer } = resource.strategy
  const goesAlready = current.object.metadata.deletionTimestamp !== undefined
  // Definitions, which have a finalizer for it, are marked once more as others are.
  if (goesAlready && !deletionFinalizer && holdsDeletion?.(current.object))
    return { removed: false, servable: current }
  const step = planDeletion(resource, current.object, options, deps.ports.clock)
  if (step.kind === 'pending') return { removed: !resource.strategy.returnsDeletedObject, servable: current }
  if (step.kind === 'mark' && goesAlready && deepEqual(step.object, current.object))
    return { removed: false, servable: current }
  const dryRun = isDryRunDelete(options)
  if (step.kind === 'remove') {
    if (dryRun) return { removed: true, servable: current }
    const removed = await removeStored(call, stored)
    return { removed: true, servable: presentRemoved(resource, removed, current) }
  }
  if (dryRun) return { removed: step.thenRemove, servable: unkept(step.object) }
  const marked = await writeStored(call, step.object, stored)
  const shown = await presentLater(resource, marked)
  if (!step.thenRemove) return { removed: false, servable: shown }
  const removed = await removeStored(call, marked)
  return { removed: true, servable: presentRemoved(resource, removed, shown) }
}

async function admitDeletion(call: RestCall, oldObject: KubeObject, options: DeleteOptions): Promise<void> {
  const dryRun = isDryRunDelete(options)
  const operation = {
    operation: 'DELETE',
    object: undefined,
    oldObject,
    dryRun,
    deleteOptions: options,
  } as const
  await admitMutating(call, operation)
  await admitValidating(call, operation)
}

function isDryRunDelete({ dryRun }: DeleteOptions): boolean {
  return (dryRun?.length ?? 0) > 0
}

/** Kinds that hold their own deletion check before the store does, and say so in other words. */
function checkPreconditions(
  { resource }: RestCall,
  { metadata }: KubeObject,
  { preconditions }: DeleteOptions,
): void {
  const { uid, resourceVersion } = preconditions ?? {}
  const failed = (what: string, wanted: string, actual: string, after: string) =>
    resource.strategy.holdsDeletion
      ? conflict(
          groupResource(resource),
          metadata.name!,
          `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${actual}`,
        )
      : conflict(
          { group: resource.storage.group, resource: resource.kind },
          metadata.name!,
          `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${actual}). The object might have been ${after}`,
        )
  if (uid !== undefined && uid !== metadata.uid)
    throw failed('UID', uid, metadata.uid ?? '', 'deleted and then recreated')
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw failed('ResourceVersion', resourceVersion, metadata.resourceVersion ?? '', 'modified')
}

function deletedStatus({ resource }: RestCall, { metadata }: KubeObject): Response {
  const { name = '', uid = '' } = metadata
  const details = { name, ...(resource.group && { group: resource.group }), kind: resource.plural, uid }
  const { code: _code, ...status } = successStatus(details)
  return { kind: 'object', status: 200, object: { ...status } }
}
