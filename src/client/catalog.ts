import { fromApiVersion } from '../machinery/meta/group.ts'
import type { Cancel } from '../std/ports.ts'
import type { ResourceName } from './resource.ts'

/**
 * What the server serves just now, custom resources included. The registry of a server in the same process is
 * one; over the wire it comes from discovery.
 */
export interface Catalog {
  all(): readonly ServedResource[]
  /** Groups with their versions of which nobody can tell just now what is in them; absent: none ever. */
  undiscovered?(): readonly string[]
  /** Called after each change; told which, where it was one alone. */
  onChange(listener: (change?: CatalogChange) => void): Cancel
  /**
   * Calls `then` once, as soon as there is something of a resource, at once where nobody can tell; the answer calls that
   * off. Absent: nobody can tell of any.
   */
  whenUsed?(resource: ServedResource, then: () => void): Cancel
}

export interface CatalogChange {
  readonly type: 'added' | 'removed'
  readonly resource: ServedResource
}

export interface ServedResource extends ResourceName {
  readonly verbs: readonly string[]
  readonly subresources?: readonly { readonly name: string }[]
  /** Where it is stored; resources that share the place are versions of one thing. */
  readonly storage?: { readonly group: string; readonly plural: string; readonly version: string }
}

/** Resources with all these verbs, one version of each kind: the stored one where it is served. */
export function servedWith(catalog: Catalog, ...verbs: readonly string[]): readonly ServedResource[] {
  const chosen = new Map<string, ServedResource>()
  for (const resource of catalog.all()) {
    if (!verbs.every(verb => resource.verbs.includes(verb))) continue
    const { group, version } = resource.storage ?? resource
    const place = placeOf(resource)
    if (!chosen.has(place) || (resource.version === version && resource.group === group))
      chosen.set(place, resource)
  }
  return [...chosen.values()]
}

/** The same for all versions of one thing, and for nothing else. */
export function placeOf(resource: ServedResource): string {
  const { group, plural } = resource.storage ?? resource
  return `${plural}.${group}`
}

/** The resource that an owner reference means; another version of the kind when that one is not served. */
export function resourceOfKind(
  catalog: Catalog,
  apiVersion: string,
  kind: string,
): ServedResource | undefined {
  const named = fromApiVersion(apiVersion)
  const candidates = catalog
    .all()
    .filter(resource => resource.kind === kind && resource.group === named?.group)
  return candidates.find(({ version }) => version === named?.version) ?? candidates[0]
}
