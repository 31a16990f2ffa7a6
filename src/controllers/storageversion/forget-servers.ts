import { withServers } from '../../api/internal/common-encoding.ts'
import type { Lease } from '../../api/types/coordination-v1.gen.ts'
import type { StorageVersion } from '../../api/types/internal-v1alpha1.gen.ts'
import type { Catalog } from '../../client/catalog.ts'
import { orUndefined } from '../../client/failure.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { Requeue, Worker, WorkerContext } from '../../controller/worker.ts'
import { leases, storageVersions } from '../kinds.ts'

const namespace = 'kube-system'
const identityLabel = 'apiserver.kubernetes.io/identity'

/**
 * Takes out of StorageVersions what servers told that are gone, that is, whose identity leases are (upstream
 * pkg/controller/storageversiongc). One of which nobody tells anything any more goes.
 */
export function storageVersionCollector(catalog: Catalog): Worker {
  return {
    name: 'storageversion-garbage-collector',
    identity: 'storage-version-garbage-collector',
    start(context) {
      if (!catalog.all().some(({ plural }) => plural === storageVersions.plural)) return async () => ({})
      const { store } = context.use(storageVersions)
      context.watch(storageVersions, version => [version?.metadata.name])
      context.watch(leases, (lease, old) => {
        if (lease || !isIdentity(old)) return []
        const naming = store.list().filter(version => serversOf(version).includes(old!.metadata.name!))
        return naming.map(({ metadata }) => metadata.name!)
      })
      return async name => {
        const version = store.get(undefined, name)
        return version ? collect(context, version) : {}
      }
    },
  }
}

function isIdentity(lease: Lease | undefined): boolean {
  const { namespace: place, labels } = lease?.metadata ?? {}
  return place === namespace && labels?.[identityLabel] === 'kube-apiserver'
}

function serversOf({ status }: StorageVersion): string[] {
  return (status?.storageVersions ?? []).map(({ apiServerID = '' }) => apiServerID)
}

/** Leases are asked for, not looked up: one that was just written may not be seen yet. */
async function collect({ client, ports }: WorkerContext, version: StorageVersion): Promise<Requeue> {
  const told = version.status?.storageVersions ?? []
  const found = await Promise.all(
    told.map(({ apiServerID = '' }) => orUndefined(client.get(leases, namespace, apiServerID))),
  )
  const left = told.filter((_, index) => isIdentity(found[index]))
  if (left.length === told.length) return {}
  const { name = '', uid } = version.metadata
  if (left.length === 0)
    await orUndefined(client.delete(storageVersions, undefined, name, { preconditions: { uid } }))
  else {
    const status = withServers(version, left, toTimestamp(ports.clock.nowMs()))
    await client.updateStatus(storageVersions, { ...version, status })
  }
  return {}
}
