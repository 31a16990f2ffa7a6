import type { RemoteApi } from '../aggregation/remote-apis.ts'

/** meta/v1 APIResource, as servers tell it. */
interface ToldResource {
  readonly name: string
  readonly singularName?: string
  readonly namespaced?: boolean
  readonly group?: string
  readonly version?: string
  readonly kind: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

/** What another server told in the older form, as the aggregated one has it (KEP-3352); of one that is away, that it is. */
export function toRemoteDiscovery(remote: RemoteApi) {
  if (!remote.isAvailable) return { version: remote.version, freshness: 'Stale' }
  const told = (remote.resources?.resources ?? []) as unknown as readonly ToldResource[]
  const main = told.filter(({ name }) => !name.includes('/'))
  return {
    version: remote.version,
    resources: main.map(resource => toResource(remote, resource, told)),
    freshness: 'Current',
  }
}

function toResource(remote: RemoteApi, resource: ToldResource, told: readonly ToldResource[]) {
  const { name, singularName = '', namespaced, verbs, shortNames = [], categories = [] } = resource
  const subresources = told
    .filter(each => each.name.startsWith(`${name}/`))
    .map(each => ({
      subresource: each.name.slice(name.length + 1),
      responseKind: kindOf(remote, each),
      verbs: each.verbs,
    }))
  return {
    resource: name,
    responseKind: kindOf(remote, resource),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singularName,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  }
}

function kindOf(remote: RemoteApi, { group = remote.group, version = remote.version, kind }: ToldResource) {
  return { group, version, kind }
}
