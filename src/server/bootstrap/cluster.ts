import type { Features } from '../../api/features/features.ts'
import type { Registry } from '../../api/registry.ts'
import type { Transport } from '../../client/transport.ts'
import type { Ports } from '../../std/ports.ts'
import type { AccountRights } from '../bootstrap-policy/policy.ts'
import { reconcileBootstrapPolicy } from '../bootstrap-policy/reconcile.ts'
import { maintainFlowObjects } from '../flow/maintain.ts'
import { flowSources } from '../flow/serve.ts'
import { maintainIdentityLease } from '../identity-lease.ts'
import type { OpenServer } from '../open-server.ts'
import { metricsReaderRole } from '../resource-metrics/role.ts'
import { repairServiceNetwork } from '../service-ip/repair.ts'
import type { ClusterHooks } from '../start-hooks.ts'
import { storageVersionTeller } from '../storage-versions.ts'
import { maintainCountedEndpoint } from './endpoint-count.ts'
import { maintainEndpointLease } from './endpoint-lease.ts'
import {
  type AdvertisedServer,
  ensure,
  ensureBootstrapObjects,
  ensureLegacyTokenTracking,
} from './objects.ts'

export interface ClusterSetup extends Pick<OpenServer, 'server' | 'sources'> {
  /** With the server's own rights. */
  readonly transport: Transport
  readonly ports: Ports
  readonly registry: Registry
  readonly features: Features
  /** Whether metrics of pods and nodes are served. */
  readonly hasMetrics: boolean
  /** Of controllers that upstream's policy does not know. */
  readonly accounts?: readonly AccountRights[]
  readonly advertised: AdvertisedServer & { readonly address: string }
  /**
   * `one`: this server is the only one; `many`: each holds a lease, and those are the endpoints; a number: there are so many
   * servers, living or not; `none`: somebody else's.
   */
  readonly endpoints: 'one' | 'many' | 'none' | number
  /** Of this machine. */
  readonly hostname: string
  /** Both inclusive. */
  readonly nodePorts: readonly [number, number]
}

/**
 * Makes a cluster of a server that is up, and keeps it in order until `signal` aborts: what it has before anybody may ask
 * for anything, then what is behind it, its priorities, addresses and leases. The answer takes the leases back.
 */
export async function startCluster(
  setup: ClusterSetup,
  hooks: ClusterHooks,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const { server, sources, transport, ports } = setup
  hooks.finished('admission')
  await ensurePolicy(setup)
  hooks.finished('policy')
  await ensureObjects(setup)
  hooks.finished('objects')
  await server.aggregate()
  await maintainFlowObjects({ ports, transport, ...flowSources(sources) }, signal)
  hooks.finished('flow')
  repairServiceNetwork(setup, signal)
  const leaves = holdLeases(setup, signal)
  hooks.finished('identity')
  return async () => {
    await Promise.all(leaves.map(leave => leave()))
  }
}

async function ensurePolicy(setup: ClusterSetup): Promise<void> {
  const { transport, ports, features, accounts, hasMetrics } = setup
  await reconcileBootstrapPolicy(transport, ports, features, accounts)
  if (hasMetrics) await ensure(transport, metricsReaderRole)
}

async function ensureObjects({ transport, ports, advertised, endpoints }: ClusterSetup): Promise<void> {
  const address = endpoints === 'one' ? advertised.address : undefined
  await ensureBootstrapObjects(transport, { ...advertised, address })
  await ensureLegacyTokenTracking(transport, ports)
}

/** Says that this server is there; each answer takes that back. */
function holdLeases(setup: ClusterSetup, signal: AbortSignal): (() => Promise<void>)[] {
  const { server, features, advertised, endpoints } = setup
  const held = features.enabled('StorageVersionAPI') ? storageVersionTeller(setup) : undefined
  const leaves = [maintainIdentityLease({ ...setup, held }, signal)]
  const own = { ...setup, ...advertised, cache: server.cache }
  if (endpoints === 'many') leaves.push(maintainEndpointLease(own, signal))
  if (typeof endpoints === 'number')
    leaves.push(maintainCountedEndpoint({ ...own, count: endpoints }, signal))
  return leaves
}
