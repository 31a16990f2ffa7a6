/** Server-side apply (managedfields FieldManager.Apply over structured-merge-diff's Updater.Apply). */

import { runSteps, type Steps } from '../../std/turns.ts'
import type { JsonMap } from '../meta/json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts'
import { deepEqual } from '../meta/value.ts'
import type { ObjectSchema } from '../schema/schema.ts'
import { badRequest, plainFailure } from '../status/errors.ts'
import { touched } from './compare.ts'
import type { Conflict } from './conflict.ts'
import { conflictError } from './conflict.ts'
import { difference, hasPath, intersection, listPaths, recursiveDifference } from './field-set.ts'
import { fieldSetOf } from './field-set-of.ts'
import { lastAppliedSet, recordLastApplied } from './last-applied.ts'
import type { ChangesOf, Managers } from './managed.ts'
import { decodeManagers, encodeManagers, managerId, takeFromOthers } from './managed.ts'
import { mergeValues } from './merge.ts'
import { type ComparedVersion, changesInVersions, pruneInVersions } from './other-versions.ts'
import { reconcileManagers } from './reconcile.ts'
import { withoutEmpties, writtenMemberOf } from './typed.ts'
import type { Compared, Writer } from './update.ts'
import { identityOf, ownedChanges, recordUpdate, resetSet, unownedPaths } from './update.ts'
import { configErrors, formatConfigErrors } from './validate.ts'

export interface ApplyOptions extends Writer {
  readonly schema: ObjectSchema
  /** The stored object, or undefined when applying creates it. */
  readonly live: KubeObject | undefined
  /** What the client wants, as it sent it: only the fields that it cares for. */
  readonly applied: KubeObject
  /** The kind that the request's path names; the configuration must be of it. */
  readonly kind?: string
  /** Takes fields from other managers instead of refusing. */
  readonly force: boolean
}

export interface ApplyResult {
  /** The object to store, with its new managedFields. */
  readonly object: KubeObject
  readonly managedFields: ManagedFieldsEntry[] | undefined
  /** False when the object is as it was, apart from managedFields. */
  readonly changed: boolean
}

/**
 * Lays `applied` over `live` and drops what the manager applied before, applies no longer, and nobody else owns.
 * Throws 409 naming every field that others own with another value, 400 for a wrong version or given managedFields.
 */
export function applyPatch(request: ApplyOptions): ApplyResult {
  return runSteps(applySteps(request))
}

/** The same in steps, between which others may have their turn: a configuration may have members by the ten thousand. */
export function* applySteps(request: ApplyOptions): Steps<ApplyResult> {
  checkRequest(request)
  yield
  const live = withoutEmpties(request.schema, request.live)
  const options = { ...request, live }
  const managers = yield* startingManagers(options)
  yield
  const object = yield* mergeAndRecord(options, managers)
  yield
  const changed = !deepEqual(object, live)
  if (changed) stamp(managers, options)
  const managedFields = yield* encodeManagers(managers, live?.metadata.managedFields, options.isLong)
  return {
    object: withManagedFields(recordLastApplied(options, object), managedFields),
    managedFields,
    changed,
  }
}

function checkRequest({ applied, apiVersion, kind = applied?.kind, schema }: ApplyOptions): void {
  // The literal `null` is a document too.
  if (!applied) throw badRequest('invalid object type: /, Kind=')
  const version = textOf(applied.apiVersion)
  const given = `${version.includes('/') ? version : `/${version}`}, Kind=${textOf(applied.kind)}`
  if (applied.apiVersion !== apiVersion || applied.kind !== kind)
    throw badRequest(`invalid object type: ${given}`)
  if (applied.metadata?.managedFields) throw badRequest('metadata.managedFields must be nil')
  const errors = configErrors(schema, applied as unknown as JsonMap)
  if (errors.length === 0) return
  const named = given.includes('/') ? given : `/${given}`
  const { namespace = '', name = '' } = applied.metadata ?? {}
  throw plainFailure(
    `failed to create typed patch object (${namespace}/${name}; ${named}): ${formatConfigErrors(errors)}`,
  )
}

/** What is no text names no type (unstructured GetAPIVersion). */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Fields that were there before anybody applied belong to a manager of their own, so they are not dropped unseen. */
function* startingManagers(options: ApplyOptions): Steps<Managers> {
  const { live, schema } = options
  const managers = decodeManagers(live?.metadata.managedFields)
  if (!managers) throw plainFailure('failed to decode managed fields')
  reconcileManagers(managers, options)
  if (managers.size === 0 && live) {
    const writer = { ...options, manager: 'before-first-apply' }
    yield* recordUpdate(
      managers,
      yield* ownedChanges(
        schema,
        { live: undefined, next: live, isLong: options.isLong },
        options.resetFields,
      ),
      writer,
    )
  }
  return managers
}

function* mergeAndRecord(options: ApplyOptions, managers: Managers): Steps<KubeObject> {
  const { schema, live, applied, resetFields } = options
  const identity = identityOf(options, 'Apply')
  const id = managerId(identity)
  const before = managers.get(id)
  const claimed = fieldSetOf(schema, applied as unknown as JsonMap)
  yield
  const set = resetFields ? recursiveDifference(claimed, resetSet(resetFields)) : claimed
  managers.set(id, { ...identity, time: before?.time, set })
  yield
  const merged = mergeValues(schema, live, applied) as JsonMap
  yield
  const object = (yield* pruneInVersions(options, merged, before, managers)) as unknown as KubeObject
  yield
  yield* transferOwnership(options, managers, id, object)
  yield
  const kept = difference(set, unownedPaths)
  if (kept) managers.set(id, { ...managers.get(id)!, set: kept })
  else managers.delete(id)
  return object
}

function* transferOwnership(
  options: ApplyOptions,
  managers: Managers,
  self: string,
  object: KubeObject,
): Steps<void> {
  const { schema, live, resetFields } = options
  const compare = (version: ComparedVersion, objects: Compared) =>
    ownedChanges(version.schema, objects, version.countsAll ? undefined : resetFields, writtenMemberOf)
  const changes = yield* compare({ schema }, { live, next: object, isLong: options.isLong })
  yield
  const changesOf = yield* changesInVersions(managers, { ...options, next: object }, changes, compare)
  if (!options.force) refuseConflicts(options, managers, self, changesOf)
  const gained = touched(changes)
  takeFromOthers(managers, self, changesOf, each => (each === changes ? gained : touched(each)))
  yield
  takeFromOthers(managers, self, changesOf, ({ removed }) => removed)
}

function refuseConflicts(
  options: ApplyOptions,
  managers: Managers,
  self: string,
  changesOf: ChangesOf,
): void {
  const conflicts: Conflict[] = []
  for (const id of [...managers.keys()].sort()) {
    const manager = managers.get(id)!
    const changes = id === self ? undefined : changesOf(manager)
    const paths = changes ? listPaths(intersection(manager.set, touched(changes))) : []
    if (paths.length > 0) conflicts.push({ manager, paths })
  }
  if (conflicts.length === 0) return
  const allowed = lastAppliedSet(options)
  const refused = conflicts
    .map(({ manager, paths }) => ({ manager, paths: paths.filter(path => !hasPath(allowed, path)) }))
    .filter(({ paths }) => paths.length > 0)
  if (refused.length > 0) throw conflictError(refused)
}

function stamp(managers: Managers, options: ApplyOptions): void {
  const id = managerId(identityOf(options, 'Apply'))
  const manager = managers.get(id)
  if (manager) managers.set(id, { ...manager, time: options.now })
}

function withManagedFields(object: KubeObject, managedFields: ManagedFieldsEntry[] | undefined): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata: managedFields ? { ...metadata, managedFields } : metadata }
}
