import type { Lease } from '../../api/types/coordination-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import { isConflict, isNotFound } from '../../client/failure.ts'
import { toMicroTimestamp } from '../../client/timestamp.ts'
import type { Clock } from '../../std/ports.ts'
import { leases } from '../resources.ts'

/** Upstream: nodeLeaseDurationSeconds 40, renewed every quarter of it. */
export const leaseDurationSeconds = 40
export const leaseRenewMs = 10_000
const leaseNamespace = 'kube-node-lease'

export interface NodeLease {
  /** Says that the node is alive. Rejects when the server did not take it. */
  renew(nodeUid: string | undefined): Promise<void>
}

/** The node's heartbeat (KEP-589); the last written lease is kept, so that a renewal is one call. */
export function createNodeLease(client: Client, clock: Clock, nodeName: string): NodeLease {
  let last: Lease | undefined
  return {
    async renew(nodeUid) {
      const renewTime = toMicroTimestamp(clock.nowMs())
      const spec = { holderIdentity: nodeName, leaseDurationSeconds, renewTime }
      try {
        last ??= await client.get(leases, leaseNamespace, nodeName)
        last = await client.update(leases, { ...last, spec: { ...last.spec, ...spec } })
      } catch (error) {
        last = undefined
        if (isConflict(error)) return
        if (!isNotFound(error)) throw error
        last = await client.create(leases, { ...newLease(nodeName, nodeUid), spec })
      }
    },
  }
}

function newLease(nodeName: string, nodeUid: string | undefined): Lease {
  const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeUid ?? '' }
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: nodeName, namespace: leaseNamespace, ...(nodeUid ? { ownerReferences: [owner] } : {}) },
  }
}
