/** Who owns what after an ordinary write (managedfields FieldManager.Update). Every write takes this road. */
import { runSteps, type Steps } from '../../std/turns.ts'
import type { JsonMap } from '../meta/json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts'
import { deepEqual } from '../meta/value.ts'
import { isGivenEmpty } from '../schema/empties.ts'
import type { ObjectSchema } from '../schema/schema.ts'
import type { Changes, ReadMember, Skipped } from './compare.ts'
import { compareObjects, touched } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { fieldSetOfPaths, recursiveDifference, union } from './field-set.ts'
import type { ChangesOf, Manager, Managers } from './managed.ts'
import {
  capUpdaters,
  decodeManagers,
  encodeManager,
  encodeManagers,
  isReset,
  managerId,
  respelled,
  takeFromOthers,
} from './managed.ts'
import { type ComparedVersion, changesInVersions, type FindVersion } from './other-versions.ts'
import { reconcileManagers } from './reconcile.ts'

/** Paths that this kind of write cannot set, such as `[['status']]` for the main resource. */
export type ResetFields = readonly (readonly string[])[]

/** Who writes, in which version, through which subresource, and when. */
export interface Writer {
  readonly manager: string
  /** The version that the request speaks: `apps/v1`. */
  readonly apiVersion: string
  readonly subresource?: string
  /** RFC 3339, seconds. */
  readonly now: string
  readonly resetFields?: ResetFields
  /** Where managers may have written in other versions than the request's. */
  readonly otherVersion?: FindVersion
  /** The object may have members by the ten thousand: others should have their turn between the steps. */
  readonly isLong?: boolean
}

export interface UpdateOptions extends Writer {
  readonly schema: ObjectSchema
  /** The stored object, or undefined for a create. */
  readonly live: KubeObject | undefined
  /** The object as it will be stored; its managedFields are what the client sent. */
  readonly next: KubeObject
}

/** Fields that nobody owns (upstream's stripMetaManager). */
const unowned: Skipped = {
  apiVersion: true,
  kind: true,
  metadata: {
    name: true,
    namespace: true,
    creationTimestamp: true,
    selfLink: true,
    uid: true,
    clusterName: true,
    generation: true,
    managedFields: true,
    resourceVersion: true,
  },
}

/** The same as a set, for what a client claims by applying it. */
export const unownedPaths: FieldSet = fieldSetOfPaths([
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...Object.keys(unowned.metadata as Skipped).map(name => ['metadata', name]),
])

export interface Compared {
  readonly live: KubeObject | undefined
  readonly next: KubeObject
  readonly isLong?: boolean | undefined
}

/** What differs between two objects, without what nobody owns and what this write cannot set. */
export function* ownedChanges(
  schema: ObjectSchema,
  objects: Compared,
  resetFields: ResetFields | undefined,
  read?: ReadMember,
): Steps<Changes> {
  const old = (objects.live ?? { metadata: {} }) as unknown as JsonMap
  const changes = yield* compareObjects(
    schema,
    { old, next: objects.next as unknown as JsonMap, isLong: objects.isLong },
    unowned,
    read,
  )
  const ignored = resetFields ? resetSet(resetFields) : undefined
  if (!ignored) return changes
  return {
    added: recursiveDifference(changes.added, ignored),
    modified: recursiveDifference(changes.modified, ignored),
    removed: recursiveDifference(changes.removed, ignored),
  }
}

const resetSets = new WeakMap<ResetFields, { readonly set: FieldSet }>()

/** The reset fields as a set; strategies hand over the same list each time, so it is built once. */
export function resetSet(paths: ResetFields): FieldSet {
  const known = resetSets.get(paths)
  if (known) return known.set
  const set = fieldSetOfPaths(paths)
  resetSets.set(paths, { set })
  return set
}

/**
 * The managedFields to store with `next`; undefined for none. The list that was there is given back as it is when
 * ownership did not change, so an idle write stays one.
 */
export function updateManagedFields(options: UpdateOptions): ManagedFieldsEntry[] | undefined {
  return runSteps(managedFieldsSteps(options))
}

/** The same in steps, between which others may have their turn. */
export function* managedFieldsSteps(options: UpdateOptions): Steps<ManagedFieldsEntry[] | undefined> {
  const { schema, live } = options
  const previous = live?.metadata.managedFields
  const managers = startingManagers(options)
  // An object that was written before anybody tracked fields stays untracked until somebody applies to it.
  if (managers.size === 0 && live?.metadata.uid) return undefined
  reconcileManagers(managers, options)
  if (options.isLong) yield
  const changes = yield* ownedChanges(schema, options, options.resetFields)
  if (options.isLong) yield
  else if (!live && managers.size === 0) return soleManager(changes, options)
  const compare = (version: ComparedVersion, objects: Compared) =>
    ownedChanges(version.schema, objects, version.countsAll ? undefined : options.resetFields)
  const changesOf = yield* changesInVersions(managers, options, changes, compare)
  yield* recordUpdate(managers, changes, options, changesOf)
  if (options.isLong) yield
  return yield* encodeManagers(managers, previous, options.isLong)
}

/** Of a new object that nobody claims anything of: all that there is becomes the writer's. */
function soleManager(changes: Changes, writer: Writer): ManagedFieldsEntry[] | undefined {
  const set = touched(changes)
  return set && [encodeManager({ ...identityOf(writer, 'Update'), time: writer.now, set })]
}

function startingManagers({ live, next, subresource }: UpdateOptions): Managers {
  const current = live?.metadata.managedFields
  // Decoding leaves an empty list out, which is a client's way to say that nobody owns anything.
  const { managedFields = isGivenEmpty(next.metadata, 'managedFields') ? [] : undefined } = next.metadata
  const sent = managedFields
  if (!subresource && !deepEqual(sent, current)) {
    if (isReset(sent)) return new Map()
    const wanted = decodeManagers(sent)
    if (wanted && wanted.size > 0) return respelledManagers(wanted)
  }
  return decodeManagers(current) ?? new Map()
}

function respelledManagers(managers: Managers): Managers {
  return new Map([...managers].map(([id, manager]) => [id, { ...manager, set: respelled(manager.set) }]))
}

/** Gives the changed fields to the writer and takes them, and the removed ones, from everybody else. */
export function* recordUpdate(
  managers: Managers,
  changes: Changes,
  writer: Writer,
  changesOf: ChangesOf = () => changes,
): Steps<void> {
  const gained = touched(changes)
  const identity = identityOf(writer, 'Update')
  const id = managerId(identity)
  takeFromOthers(managers, id, changesOf, each => (each === changes ? gained : touched(each)))
  if (writer.isLong) yield
  takeFromOthers(managers, undefined, changesOf, ({ removed }) => removed)
  if (writer.isLong) yield
  if (gained) {
    managers.set(id, { ...identity, time: writer.now, set: union(managers.get(id)?.set, gained) })
  }
  capUpdaters(managers)
}

export function identityOf(
  { manager, apiVersion, subresource = '' }: Writer,
  operation: Manager['operation'],
): Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'> {
  return { manager: manager === '' ? 'unknown' : manager, operation, apiVersion, subresource }
}
