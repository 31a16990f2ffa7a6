/**
 * Writes src/api/schema/discovery.json: what a running stock API server says of its resources, verbs, names and
 * Table columns. Start one with `scripts/stock start`; KUBECONFIG may name another. KUBECONFIG_ALL names one that serves
 * everything (HUTCH_STOCK_FLAGS='--runtime-config=api/all=true --feature-gates=AllAlpha=true,AllBeta=true'): what it has
 * beside the first is what a server has on request; without it that part stays as it is.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { DiscoveredResource, DiscoveryDocument } from '../../src/api/schema/discovery.ts'

const root = join(import.meta.dir, '../..')
const kubeconfig = process.env.KUBECONFIG ?? join(root, '.cache/stock/run/admin.yaml')

interface ApiResource {
  readonly name: string
  readonly singularName: string
  readonly namespaced: boolean
  readonly kind: string
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly storageVersionHash?: string
}

interface ApiGroup {
  readonly name: string
  readonly versions: readonly { readonly version: string }[]
  readonly preferredVersion: { readonly version: string }
}

interface Table {
  readonly columnDefinitions: readonly { name: string; type: string; format: string; priority: number }[]
}

interface Kubeconfig {
  readonly clusters: readonly { cluster: { server: string; 'certificate-authority': string } }[]
  readonly users: readonly { user: { 'client-certificate': string; 'client-key': string } }[]
}

/** Whom `get` asks. */
let asked: Awaited<ReturnType<typeof serverOf>>

async function serverOf(path: string) {
  const config = parse(await Bun.file(path).text()) as Kubeconfig
  const { cluster } = config.clusters[0]!
  const { user } = config.users[0]!
  const tls = {
    ca: Bun.file(cluster['certificate-authority']),
    cert: Bun.file(user['client-certificate']),
    key: Bun.file(user['client-key']),
  }
  return { address: cluster.server, tls }
}

const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io'

async function get<T>(path: string, accept = 'application/json'): Promise<T> {
  const response = await fetch(asked.address + path, { tls: asked.tls, headers: { accept } })
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

const groupPath = (group: string, version: string) =>
  group ? `/apis/${group}/${version}` : `/api/${version}`

/** apiserver pkg/endpoints/discovery StorageVersionHash: which group and version objects of this kind are stored in. */
const storageHash = (group: string, version: string, kind: string) =>
  createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64')

async function readGroup(group: ApiGroup): Promise<DiscoveredResource[]> {
  const found: DiscoveredResource[] = []
  for (const { version } of group.versions) {
    const { resources } = await get<{ resources: ApiResource[] }>(groupPath(group.name, version))
    for (const main of resources.filter(resource => !resource.name.includes('/'))) {
      found.push(await readResource(group.name, version, main, resources))
    }
  }
  return found
}

async function readResource(
  group: string,
  version: string,
  main: ApiResource,
  all: readonly ApiResource[],
): Promise<DiscoveredResource> {
  const children = all.filter(resource => resource.name.startsWith(`${main.name}/`))
  const listed = main.verbs.includes('list')
  const table = listed ? await get<Table>(`${groupPath(group, version)}/${main.name}`, tableType) : undefined
  return {
    group,
    version,
    name: main.name,
    singular: main.singularName,
    kind: main.kind,
    namespaced: main.namespaced,
    verbs: main.verbs as DiscoveredResource['verbs'],
    ...(main.shortNames && { shortNames: main.shortNames }),
    ...(main.categories && { categories: main.categories }),
    ...(main.storageVersionHash && { storage: storageOf(group, main) }),
    ...(children.length > 0 && {
      subresources: children.map(child => readSubresource(group, version, child)),
    }),
    ...(table && {
      columns: table.columnDefinitions.map(column => [
        column.name,
        column.type,
        column.format,
        column.priority,
      ]),
    }),
  } as DiscoveredResource
}

function readSubresource(group: string, version: string, child: ApiResource) {
  const named = { group: child.group ?? group, version: child.version ?? version, kind: child.kind }
  return { name: child.name.split('/')[1]!, verbs: child.verbs, kind: named }
}

let groups: readonly ApiGroup[] = []

function storageOf(group: string, main: ApiResource): string {
  for (const other of [group, ...groups.map(candidate => candidate.name)]) {
    for (const version of ['v1', 'v2', 'v1beta1', 'v1beta2', 'v1alpha1', 'v1alpha2', 'v1alpha3']) {
      if (storageHash(other, version, main.kind) === main.storageVersionHash)
        return other ? `${other}/${version}` : version
    }
  }
  throw new Error(`no storage version has the hash ${main.storageVersionHash} of ${main.name}.${group}`)
}

const core: ApiGroup = { name: '', versions: [{ version: 'v1' }], preferredVersion: { version: 'v1' } }

async function readResources(path: string): Promise<DiscoveredResource[]> {
  asked = await serverOf(path)
  groups = [core, ...(await get<{ groups: ApiGroup[] }>('/apis')).groups]
  const resources: DiscoveredResource[] = []
  for (const group of groups) resources.push(...(await readGroup(group)))
  return resources
}

const target = join(root, 'src/api/schema/discovery.json')
const keyOf = ({ group, version, name }: DiscoveredResource) => `${group}/${version}/${name}`

async function readOptional(served: readonly DiscoveredResource[]): Promise<readonly DiscoveredResource[]> {
  const path = process.env.KUBECONFIG_ALL
  if (path === undefined) return ((await Bun.file(target).json()) as DiscoveryDocument).optional
  const known = new Set(served.map(keyOf))
  return (await readResources(path)).filter(resource => !known.has(keyOf(resource)))
}

const resources = await readResources(kubeconfig)
const { gitVersion } = await get<{ gitVersion: string }>('/version')
const document: DiscoveryDocument = {
  version: gitVersion,
  groups: groups.map(group => ({
    name: group.name,
    versions: group.versions.map(({ version }) => version),
    preferredVersion: group.preferredVersion.version,
  })),
  resources,
  optional: await readOptional(resources),
}
const lines = (rows: readonly unknown[]) => rows.map(row => `  ${JSON.stringify(row)}`).join(',\n')
await Bun.write(
  target,
  `{"version":"${document.version}","groups":[\n${lines(document.groups)}\n],"resources":[\n${lines(document.resources)}\n],"optional":[\n${lines(document.optional)}\n]}\n`,
)
