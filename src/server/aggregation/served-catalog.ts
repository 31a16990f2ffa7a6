import type { Registry } from '../../api/registry.ts'
import type { Catalog, ServedResource } from '../../client/catalog.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { isMap } from '../../machinery/meta/json.ts'
import { collectionPrefix, type FirstObjects } from '../watchcache/index.ts'
import type { RemoteApi, RemoteApis } from './remote-apis.ts'

interface CatalogSources {
  readonly registry: Registry
  /** Absent: there are no other servers. */
  readonly remotes: RemoteApis | undefined
  readonly firstObjects: FirstObjects
}

/** Everything that this server answers for: its own kinds, and those of the servers behind it. */
export function servedCatalog({ registry, remotes, firstObjects }: CatalogSources): Catalog {
  const whenUsed: NonNullable<Catalog['whenUsed']> = ({ group, version, storage }, then) => {
    // Of what lies elsewhere nobody can tell here.
    if (storage && !remotes?.find(group, version)) return firstObjects(collectionPrefix(storage), then)
    then()
    return () => {}
  }
  if (!remotes) return { all: registry.all, onChange: registry.onChange, whenUsed }
  return {
    whenUsed,
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
      // What is added here may be what another server has taken away.
      const ignore = registry.onChange(change => listener(remotes.all().length > 0 ? undefined : change))
      const stop = remotes.onChange(() => listener())
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
