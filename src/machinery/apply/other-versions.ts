/** Managers that wrote in another version than the request's: what they own is told in theirs (structured-merge-diff Updater). */
import type { Steps } from '../../std/turns.ts'
import type { JsonMap } from '../meta/json.ts'
import type { KubeObject } from '../meta/object.ts'
import type { ObjectSchema, Schema } from '../schema/schema.ts'
import { plainFailure } from '../status/errors.ts'
import { StatusError } from '../status/status.ts'
import type { Changes } from './compare.ts'
import { type FieldSet, union } from './field-set.ts'
import type { ChangesOf, Manager, Managers } from './managed.ts'
import { addBackOwned, keepDangling, prune, takeOut } from './remove.ts'
import { configErrors, formatConfigErrors } from './validate.ts'

/** A version of the request's kind, and the ways there and back. */
export interface OtherVersion {
  readonly schema: ObjectSchema
  readonly from: Way
  readonly back: Way
  /** What the write cannot set counts there as all else does: upstream's custom kinds know of one version alone. */
  readonly countsAll?: boolean
}

/** It may wait for a webhook. */
type Way = (object: KubeObject) => Steps<KubeObject>

/** `gone` for a version that is served no more; undefined where managers of it are taken as of the request's own. */
export type FindVersion = (apiVersion: string) => OtherVersion | 'gone' | undefined

export type ComparedVersion = Pick<OtherVersion, 'schema' | 'countsAll'>

type Compare = (
  version: ComparedVersion,
  objects: { readonly live: KubeObject | undefined; readonly next: KubeObject },
) => Steps<Changes>

interface Write {
  readonly apiVersion: string
  readonly otherVersion?: FindVersion | undefined
  readonly live: KubeObject | undefined
  readonly next: KubeObject
}

/** Compares the objects once more in each other version that a manager wrote in. */
export function* changesInVersions(
  managers: Managers,
  { apiVersion, otherVersion, live, next }: Write,
  own: Changes,
  compare: Compare,
): Steps<ChangesOf> {
  const others = otherVersion && foreignVersions(managers, apiVersion)
  if (!others || others.size === 0) return () => own
  const found = new Map<string, Changes | undefined>()
  for (const name of others) {
    const version = otherVersion(name)
    if (version === undefined) continue
    if (version === 'gone') found.set(name, undefined)
    else {
      const before = live && withoutTwice(version, yield* version.from(live), 'old')
      const after = withoutTwice(version, yield* converted(version.from(next)), 'new')
      found.set(name, yield* compare(version, { live: before, next: after }))
    }
  }
  return manager => (found.has(manager.apiVersion) ? found.get(manager.apiVersion) : own)
}

/** What is written may hold an item twice; what it is converted to may not, and then nobody owns anything any more. */
function withoutTwice({ schema }: OtherVersion, object: KubeObject, which: string): KubeObject {
  const twice = configErrors(schema, object as unknown as JsonMap).filter(fault =>
    fault.includes('duplicate entries'),
  )
  if (twice.length > 0) throw plainFailure(`failed to convert ${which} object: ${formatConfigErrors(twice)}`)
  return object
}

/** In upstream's words where that fails. */
function* converted(steps: Steps<KubeObject>): Steps<KubeObject> {
  try {
    return yield* steps
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    throw plainFailure(`failed to convert new object: ${error.message}`)
  }
}

function foreignVersions(managers: Managers, apiVersion: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const manager of managers.values())
    if (manager.apiVersion !== apiVersion) found.add(manager.apiVersion)
  return found
}

interface Pruning {
  readonly schema: ObjectSchema
  readonly apiVersion: string
  readonly otherVersion?: FindVersion | undefined
}

/** `prune`, where `before` or other managers may speak another version than the request. */
export function* pruneInVersions(
  { schema, apiVersion, otherVersion }: Pruning,
  merged: JsonMap,
  before: Manager | undefined,
  managers: Managers,
): Steps<JsonMap> {
  const find = (name: string): OtherVersion | 'gone' =>
    (name === apiVersion ? undefined : otherVersion?.(name)) ?? asItIs(schema)
  const sets = new Map<OtherVersion | 'gone', FieldSet>()
  const known = new Map<string, OtherVersion | 'gone'>([[apiVersion, find(apiVersion)]])
  for (const manager of managers.values()) {
    const version = known.get(manager.apiVersion) ?? find(manager.apiVersion)
    known.set(manager.apiVersion, version)
    sets.set(version, union(sets.get(version), manager.set))
  }
  const owned = known.get(apiVersion)!
  const last = before && (known.get(before.apiVersion) ?? find(before.apiVersion))
  if (sets.size === 1 && last === owned) return yield* prune(schema, merged, before?.set, sets.get(owned))
  if (!before?.set || !last || last === 'gone') return merged
  sets.delete('gone')
  return yield* pruneForeign(merged, { ...last, set: before.set }, sets as Map<OtherVersion, FieldSet>)
}

const owns = new WeakMap<Schema, OtherVersion>()

/** The request's own version, and those that nobody can tell from it. */
function asItIs(schema: ObjectSchema): OtherVersion {
  const made = owns.get(schema) ?? { schema, from: asGiven, back: asGiven }
  owns.set(schema, made)
  return made
}

function* asGiven(object: KubeObject): Steps<KubeObject> {
  yield
  return object
}

function* taken(way: Way, object: JsonMap): Steps<JsonMap> {
  return (yield* way(object as unknown as KubeObject)) as unknown as JsonMap
}

type Last = OtherVersion & { readonly set: FieldSet }

function* pruneForeign(
  merged: JsonMap,
  last: Last,
  sets: ReadonlyMap<OtherVersion, FieldSet>,
): Steps<JsonMap> {
  const before = yield* taken(last.from, merged)
  let pruned = yield* taken(last.back, takeOut(last.schema, before, last.set))
  // In the version that lost something first, so that nothing is missing for the ways to the others.
  const versions = [...sets].toSorted(
    ([a], [b]) => Number(b.schema === last.schema) - Number(a.schema === last.schema),
  )
  for (const [{ schema, from, back }, set] of versions) {
    const [whole, left] = [yield* taken(from, merged), yield* taken(from, pruned)]
    pruned = yield* taken(back, addBackOwned(schema, whole, left, set))
  }
  const left = yield* taken(last.from, pruned)
  return yield* taken(last.back, keepDangling(last.schema, before, left, last.set))
}
