import type { Registry } from '../../api/registry.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { toApiResourceList, toVersionDiscovery } from './api-resources.ts'
import { digest } from './digest.ts'

/** What `/api` and `/apis` say, made when asked for and kept until a kind comes or goes. */
export interface Discovery {
  apiVersions(serverAddress: string): object
  groupList(): object
  group(name: string): object | undefined
  resourceList(group: string, version: string): object | undefined
  /** The aggregated form: one document for the core group, one for all others. */
  aggregated(root: 'api' | 'apis'): { readonly body: string; readonly etag: string }
}

export function createDiscovery(registry: Registry): Discovery {
  let kept = new Map<string, unknown>()
  registry.onChange(() => {
    kept = new Map()
  })
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
    groupList: () => once('groups', () => toGroupList(registry)),
    group: name => once(`group ${name}`, () => findGroup(registry, name)),
    resourceList: (group, version) =>
      once(`list ${group}/${version}`, () => listVersion(registry, group, version)),
    aggregated: root => once(`aggregated ${root}`, () => aggregate(registry, root)),
  }
}

function toGroupList(registry: Registry): object {
  const groups = registry.groups().filter(({ name }) => name !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(toGroup) }
}

function toGroup({ name, versions }: ReturnType<Registry['groups']>[number]) {
  const named = versions.map(version => ({ groupVersion: toApiVersion(name, version), version }))
  return { name, versions: named, preferredVersion: named[0] }
}

function findGroup(registry: Registry, name: string): object | undefined {
  const group = registry.groups().find(each => each.name === name && name !== '')
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...toGroup(group) }
}

function inVersion(registry: Registry, group: string, version: string) {
  return registry.all().filter(each => each.group === group && each.version === version)
}

function listVersion(registry: Registry, group: string, version: string): object | undefined {
  const resources = inVersion(registry, group, version)
  return resources.length === 0 ? undefined : toApiResourceList(group, version, resources)
}

function aggregate(registry: Registry, root: 'api' | 'apis'): { body: string; etag: string } {
  const groups = registry.groups().filter(({ name }) => (name === '') === (root === 'api'))
  const items = groups.map(({ name, versions }) => ({
    metadata: { ...(name !== '' && { name }) },
    versions: versions.map(version => toVersionDiscovery(version, inVersion(registry, name, version))),
  }))
  const body = JSON.stringify({
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items,
  })
  return { body: `${body}\n`, etag: `"${digest(body).toString('hex').toUpperCase()}"` }
}
