import type { Resource, Subresource, Verb } from '../../api/define.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { isBuiltin } from '../http/encode.ts'
import { digest } from './digest.ts'

/** meta/v1 APIResourceList of one group and version, sorted by name, subresources behind their resource. */
export function toApiResourceList(group: string, version: string, resources: readonly Resource[]) {
  const sorted = resources.toSorted((a, b) => (a.plural < b.plural ? -1 : 1))
  return {
    kind: 'APIResourceList',
    ...(group !== '' && { apiVersion: 'v1' }),
    groupVersion: toApiVersion(group, version),
    resources: sorted.flatMap(resource => [mainEntry(resource), ...subEntries(resource)]),
  }
}

function mainEntry(resource: Resource) {
  const { plural, singular, namespaced, kind, shortNames, categories, storage, strategy } = resource
  const hash = digest(`${storage.group}/${storage.version}/${kind}`).subarray(0, 8).toString('base64')
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: offeredVerbs(resource),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(!strategy.ephemeral && { storageVersionHash: hash }),
  }
}

const lastVerbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch']

/** Of what is going nothing is offered but to look and to help it go. */
function offeredVerbs({ verbs, custom }: Resource): readonly Verb[] {
  return custom?.isTerminating ? lastVerbs : verbs
}

function subEntries(resource: Resource) {
  return inOrder(resource).map(({ name, verbs, kind }) => ({
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(kind && isElsewhere(resource, kind) && { group: kind.group, version: kind.version }),
    kind: kind?.kind ?? resource.kind,
    verbs,
  }))
}

/** By name; those of custom kinds as upstream makes them, status first. */
function inOrder(resource: Resource): readonly Subresource[] {
  if (!isBuiltin(resource)) return resource.subresources
  return resource.subresources.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function isElsewhere(resource: Resource, kind: NonNullable<Subresource['kind']>): boolean {
  return kind.group !== resource.group || kind.version !== resource.version
}

/** apidiscovery.k8s.io/v2 APIVersionDiscovery of one group and version (KEP-3352). */
export function toVersionDiscovery(version: string, resources: readonly Resource[]) {
  const sorted = resources.toSorted((a, b) => (a.plural < b.plural ? -1 : 1))
  return { version, resources: sorted.map(toResourceDiscovery), freshness: 'Current' }
}

function toResourceDiscovery(resource: Resource) {
  const { group, version, kind, plural, singular, namespaced, shortNames, categories } = resource
  // Upstream leaves group and version of a built-in kind to the reader; of a custom one it names them.
  const own = isBuiltin(resource) ? { group: '', version: '', kind } : { group, version, kind }
  const subresources = inOrder(resource).map(({ name, verbs: subVerbs, kind: other }) => ({
    subresource: name,
    responseKind: other && isElsewhere(resource, other) ? other : { ...own, kind: other?.kind ?? kind },
    verbs: subVerbs,
  }))
  return {
    resource: plural,
    responseKind: own,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: offeredVerbs(resource),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  }
}
