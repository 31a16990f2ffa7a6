import type { ApiGroup, Registry } from '../../api/registry.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { RemoteApi, RemoteApis } from '../aggregation/remote-apis.ts'
import { toApiResourceList, toVersionDiscovery } from './api-resources.ts'
import { etagOf } from './digest.ts'
import { toRemoteDiscovery } from './remote-resources.ts'

/** What `/api` and `/apis` say, made when asked for and kept until a kind comes or goes. */
export interface Discovery {
  apiVersions(serverAddress: string): object
  groupList(): object
  group(name: string): object | undefined
  resourceList(group: string, version: string): object | undefined
  /** The aggregated form: one document for the core group, one for all others. */
  aggregated(root: 'api' | 'apis'): { readonly document: object; readonly etag: string }
}

export function createDiscovery(registry: Registry, remotes?: RemoteApis): Discovery {
  let kept = new Map<string, unknown>()
  const forget = () => {
    kept = new Map()
  }
  registry.onChange(forget)
  remotes?.onChange(forget)
  const others = () => remotes?.all() ?? []
  const once = <T>(key: string, make: () => T): T => {
    if (!kept.has(key)) kept.set(key, make())
    return kept.get(key) as T
  }
  return {
    apiVersions: serverAddress => ({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    }),
    groupList: () => once('groups', () => toGroupList(allGroups(registry, others()))),
    group: name => once(`group ${name}`, () => findGroup(allGroups(registry, others()), name)),
    resourceList: (group, version) =>
      once(`list ${group}/${version}`, () => listVersion(registry, group, version)),
    aggregated: root => once(`aggregated ${root}`, () => aggregate(registry, others(), root)),
  }
}

/** What is served here, and what others serve, be they there or not; a remote version goes before a local one of its name. */
function allGroups(registry: Registry, remotes: readonly RemoteApi[]): readonly ApiGroup[] {
  const local = registry.groups()
  if (remotes.length === 0) return local
  const byName = new Map(local.map(({ name, versions }) => [name, versions]))
  const sorted = remotes.toSorted(
    (a, b) => b.groupPriority - a.groupPriority || b.versionPriority - a.versionPriority,
  )
  for (const { group, version } of sorted)
    byName.set(group, [...new Set([...(byName.get(group) ?? []), version])])
  return [...byName].map(([name, versions]) => ({ name, versions }))
}

function toGroupList(all: readonly ApiGroup[]): object {
  const groups = all.filter(({ name }) => name !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(toGroup) }
}

function toGroup({ name, versions }: ApiGroup) {
  const named = versions.map(version => ({ groupVersion: toApiVersion(name, version), version }))
  return { name, versions: named, preferredVersion: named[0] }
}

function findGroup(all: readonly ApiGroup[], name: string): object | undefined {
  const group = all.find(each => each.name === name && name !== '')
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...toGroup(group) }
}

function inVersion(registry: Registry, group: string, version: string) {
  return registry.all().filter(each => each.group === group && each.version === version)
}

function listVersion(registry: Registry, group: string, version: string): object | undefined {
  const resources = inVersion(registry, group, version)
  return resources.length === 0 ? undefined : toApiResourceList(group, version, resources)
}

function aggregate(
  registry: Registry,
  remotes: readonly RemoteApi[],
  root: 'api' | 'apis',
): { document: object; etag: string } {
  const served = remotes.length === 0 ? registry.groups() : allGroups(registry, remotes)
  const groups = served.filter(({ name }) => (name === '') === (root === 'api'))
  const items = groups.map(({ name, versions }) => ({
    metadata: { ...(name !== '' && { name }) },
    versions: versions.map(version => {
      const remote = remotes.find(each => each.group === name && each.version === version)
      return remote
        ? toRemoteDiscovery(remote)
        : toVersionDiscovery(version, inVersion(registry, name, version))
    }),
  }))
  const document = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items,
  }
  return { document, etag: `"${etagOf(JSON.stringify(document))}"` }
}
