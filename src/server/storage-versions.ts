import type { Resource } from '../api/define.ts'
import { withServers } from '../api/internal/common-encoding.ts'
import { storageVersions } from '../api/internal/storage-version.ts'
import { compareVersions, type Registry } from '../api/registry.ts'
import { discovery } from '../api/schema/discovery.ts'
import type { ServerStorageVersion, StorageVersion } from '../api/types/internal-v1alpha1.gen.ts'
import { type Client, createClient } from '../client/client.ts'
import { orUndefined } from '../client/failure.ts'
import { toTimestamp } from '../client/timestamp.ts'
import type { Transport } from '../client/transport.ts'
import { toApiVersion } from '../machinery/meta/group.ts'
import { isConflict } from '../machinery/status/errors.ts'
import type { Ports } from '../std/ports.ts'

export interface StorageVersionOptions {
  readonly transport: Transport
  readonly ports: Ports
  readonly registry: Pick<Registry, 'all'>
  /** The name of this server's identity lease. */
  readonly serverId: string
}

const triesMax = 5

/**
 * Tells of every stored resource in which version this server writes it, and which it reads and serves (apiserver
 * pkg/storageversion, KEP-2339): once at the start, when the identity lease is there.
 */
export async function tellStorageVersions(options: StorageVersionOptions): Promise<void> {
  const client = createClient(options.transport)
  const stored = options.registry
    .all()
    .filter(({ verbs }) => verbs.includes('list') && verbs.includes('create'))
  const byPlace = Map.groupBy(stored, ({ storage }) => `${storage.group || 'core'}.${storage.plural}`)
  for (const [name, versions] of byPlace) await tell(client, options, name, serverVersion(options, versions))
}

function serverVersion(
  { serverId }: StorageVersionOptions,
  versions: readonly Resource[],
): ServerStorageVersion {
  const { storage } = versions[0]!
  const own = versions.filter(({ group, plural }) => group === storage.group && plural === storage.plural)
  const served = own.map(({ version }) => version)
  const known = [...discovery().resources, ...discovery().optional]
    .filter(({ group, name }) => group === storage.group && name === storage.plural)
    .map(({ version }) => version)
  const inOrder = (named: readonly string[]) =>
    [...new Set(named)].sort(compareVersions).map(version => toApiVersion(storage.group, version))
  return {
    apiServerID: serverId,
    encodingVersion: toApiVersion(storage.group, storage.version),
    decodableVersions: inOrder([storage.version, ...served, ...known]),
    servedVersions: inOrder(served),
  }
}

/** To be called with the name of the identity lease once it is there; does nothing where StorageVersions are not served. */
export function storageVersionTeller(options: Omit<StorageVersionOptions, 'serverId'>) {
  return (serverId: string): void => {
    if (!options.registry.all().some(({ plural }) => plural === storageVersions.plural)) return
    tellStorageVersions({ ...options, serverId }).catch(error =>
      options.ports.log.warn('storage versions were not told', { error: String(error) }),
    )
  }
}

/** Several servers may do so at once. */
async function tell(
  client: Client,
  { ports }: StorageVersionOptions,
  name: string,
  own: ServerStorageVersion,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const found =
        (await orUndefined(client.get(storageVersions, undefined, name))) ??
        (await client.create(storageVersions, { metadata: { name }, spec: {} } as StorageVersion))
      const others = found.status?.storageVersions ?? []
      const at = others.findIndex(({ apiServerID }) => apiServerID === own.apiServerID)
      const servers = at < 0 ? [...others, own] : others.with(at, own)
      const status = withServers(found, servers, toTimestamp(ports.clock.nowMs()))
      await client.updateStatus(storageVersions, { ...found, status })
      return
    } catch (error) {
      if (!isConflict(error) || tries === triesMax) throw error
    }
  }
}
