import { toApiVersion } from '../machinery/meta/group.ts'
import { assert } from '../std/assert.ts'
import { compareText } from '../std/compare-text.ts'
import { builtinResources } from './builtin.ts'
import type { Resource } from './define.ts'
import { discovery } from './schema/discovery.ts'

export interface ApiGroup {
  readonly name: string
  /** In order of preference. */
  readonly versions: readonly string[]
}

export type RegistryChange =
  | { readonly type: 'added'; readonly resource: Resource }
  | { readonly type: 'removed'; readonly resource: Resource }

/** Every kind that the server knows, built in or custom. Look-ups are one Map access. */
export interface Registry {
  find(group: string, version: string, plural: string): Resource | undefined
  kind(group: string, version: string, kind: string): Resource | undefined
  /** All served versions that lie at this place in the store. */
  storedAt(group: string, plural: string): readonly Resource[]
  all(): readonly Resource[]
  /** In the order of upstream's discovery; custom groups after the built-in ones, by name. */
  groups(): readonly ApiGroup[]
  /** Throws when the place is taken. */
  add(resource: Resource): void
  remove(resource: Resource): void
  /** Called after each change; the returned function ends it. */
  onChange(listener: (change: RegistryChange) => void): () => void
}

/** A registry with the given kinds; by default all built-in ones. */
export function createRegistry(resources: readonly Resource[] = builtinResources): Registry {
  const byPlural = new Map<string, Resource>()
  const byKind = new Map<string, Resource>()
  const listeners = new Set<(change: RegistryChange) => void>()
  let groups: readonly ApiGroup[] | undefined
  const notify = (change: RegistryChange) => {
    groups = undefined
    for (const listener of listeners) listener(change)
  }
  const registry: Registry = {
    find: (group, version, plural) => byPlural.get(toKey(group, version, plural)),
    kind: (group, version, kind) => byKind.get(toKey(group, version, kind)),
    storedAt: (group, plural) =>
      [...byPlural.values()].filter(({ storage }) => storage.group === group && storage.plural === plural),
    all: () => [...byPlural.values()],
    groups: () => (groups ??= toGroups([...byPlural.values()])),
    add(resource) {
      const key = toKey(resource.group, resource.version, resource.plural)
      assert(!byPlural.has(key), `${key} is registered already`)
      byPlural.set(key, resource)
      byKind.set(toKey(resource.group, resource.version, resource.kind), resource)
      notify({ type: 'added', resource })
    },
    remove(resource) {
      const kindKey = toKey(resource.group, resource.version, resource.kind)
      if (byKind.get(kindKey) === resource) byKind.delete(kindKey)
      if (byPlural.delete(toKey(resource.group, resource.version, resource.plural))) {
        notify({ type: 'removed', resource })
      }
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  for (const resource of resources) registry.add(resource)
  return registry
}

function toKey(group: string, version: string, name: string): string {
  return `${toApiVersion(group, version)}/${name}`
}

function toGroups(resources: readonly Resource[]): ApiGroup[] {
  const versions = new Map<string, Set<string>>()
  for (const { group, version } of resources) {
    const known = versions.get(group)
    if (known) known.add(version)
    else versions.set(group, new Set([version]))
  }
  return [...versions.keys()].toSorted(compareGroups).map(name => {
    return { name, versions: [...versions.get(name)!].toSorted(compareVersions) }
  })
}

let ranks: ReadonlyMap<string, number> | undefined

function rankOf(group: string): number {
  ranks ??= new Map(discovery().groups.map(({ name }, place) => [name, place]))
  return ranks.get(group) ?? ranks.size
}

function compareGroups(a: string, b: string): number {
  return rankOf(a) - rankOf(b) || (a < b ? -1 : 1)
}

/** Stable before beta before alpha, then higher before lower (apimachinery version.CompareKubeAwareVersionStrings). */
export function compareVersions(a: string, b: string): number {
  const left = versionRank(a)
  const right = versionRank(b)
  if (!left || !right) return left ? -1 : right ? 1 : compareText(a, b)
  return right[0] - left[0] || right[1] - left[1] || right[2] - left[2]
}

const stabilities = ['alpha', 'beta', '']

function versionRank(version: string): readonly [number, number, number] | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version)
  if (!match) return undefined
  return [stabilities.indexOf(match[2] ?? ''), Number(match[1]), Number(match[3] ?? 0)]
}
