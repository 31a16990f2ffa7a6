import type { Registry } from '../../api/registry.ts'
import type { Catalog, ServedResource } from '../../client/catalog.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { isMap } from '../../machinery/meta/json.ts'
import type { RemoteApi, RemoteApis } from './remote-apis.ts'

/** Everything that this server answers for: its own kinds, and those of the servers behind it. */
export function servedCatalog(registry: Registry, remotes: RemoteApis | undefined): Catalog {
  if (!remotes) return registry
  return {
    all() {
      const others = remotes.all()
      if (others.length === 0) return registry.all()
      // An APIService that names a Service takes its group and version away from this server.
      const own = registry.all().filter(each => !remotes.find(each.group, each.version))
      return [...own, ...others.flatMap(resourcesOf)]
    },
    undiscovered: () =>
      remotes
        .all()
        .filter(({ isAvailable }) => !isAvailable)
        .map(({ group, version }) => toApiVersion(group, version)),
    onChange(listener) {
      const ignore = registry.onChange(listener)
      const stop = remotes.onChange(listener)
      return () => {
        ignore()
        stop()
      }
    },
  }
}

/** What a server said last that it serves; subresources go with what they are of. */
function resourcesOf({ group, version, resources }: RemoteApi): ServedResource[] {
  const list = Array.isArray(resources?.resources) ? resources.resources.filter(isMap) : []
  return list.flatMap(({ name, kind, namespaced, verbs }) => {
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/')) return []
    const offered = Array.isArray(verbs) ? verbs.filter(verb => typeof verb === 'string') : []
    return [{ group, version, plural: name, kind, namespaced: namespaced === true, verbs: offered }]
  })
}
