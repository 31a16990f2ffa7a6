/** Managers that wrote in another version than the request's: what they own is told in theirs (structured-merge-diff Updater). */
import type { Steps } from '../../std/turns.ts'
import type { JsonMap } from '../meta/json.ts'
import type { KubeObject } from '../meta/object.ts'
import type { ObjectSchema, Schema } from '../schema/schema.ts'
import type { Changes } from './compare.ts'
import { type FieldSet, union } from './field-set.ts'
import type { ChangesOf, Manager, Managers } from './managed.ts'
import { addBackOwned, keepDangling, prune, takeOut } from './remove.ts'

/** A version of the request's kind, and the ways there and back. */
export interface OtherVersion {
  readonly schema: ObjectSchema
  readonly from: (object: KubeObject) => KubeObject
  readonly back: (object: KubeObject) => KubeObject
}

/** `gone` for a version that is served no more; undefined where managers of it are taken as of the request's own. */
export type FindVersion = (apiVersion: string) => OtherVersion | 'gone' | undefined

type Compare = (
  schema: ObjectSchema,
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
    else
      found.set(
        name,
        yield* compare(version.schema, { live: live && version.from(live), next: version.from(next) }),
      )
  }
  return manager => (found.has(manager.apiVersion) ? found.get(manager.apiVersion) : own)
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
  return pruneForeign(merged, { ...last, set: before.set }, sets as Map<OtherVersion, FieldSet>)
}

const owns = new WeakMap<Schema, OtherVersion>()

/** The request's own version, and those that nobody can tell from it. */
function asItIs(schema: ObjectSchema): OtherVersion {
  const made = owns.get(schema) ?? { schema, from: object => object, back: object => object }
  owns.set(schema, made)
  return made
}

type Last = OtherVersion & { readonly set: FieldSet }

function pruneForeign(merged: JsonMap, last: Last, sets: ReadonlyMap<OtherVersion, FieldSet>): JsonMap {
  const seen = (version: OtherVersion, object: JsonMap) =>
    version.from(object as unknown as KubeObject) as unknown as JsonMap
  const shown = (version: OtherVersion, object: JsonMap) =>
    version.back(object as unknown as KubeObject) as unknown as JsonMap
  const before = seen(last, merged)
  let pruned = shown(last, takeOut(last.schema, before, last.set))
  // In the version that lost something first, so that nothing is missing for the ways to the others.
  const versions = [...sets].toSorted(
    ([a], [b]) => Number(b.schema === last.schema) - Number(a.schema === last.schema),
  )
  for (const [version, set] of versions) {
    const restored = addBackOwned(version.schema, seen(version, merged), seen(version, pruned), set)
    pruned = shown(version, restored)
  }
  return shown(last, keepDangling(last.schema, before, seen(last, pruned), last.set))
}
