import { createFeatures } from '../api/features/features.ts'
import type { SwitchedGate } from '../api/features/gates.ts'
import { servedResources } from '../api/features/runtime-config.ts'
import { resourceMetrics } from '../api/metrics/resource-metrics.ts'
import { createRegistry } from '../api/registry.ts'
import type { Namespace, Node, Pod } from '../api/types/core-v1.gen.ts'
import type { ClusterRole, ClusterRoleBinding } from '../api/types/rbac-v1.gen.ts'
import { type Client, createClient, strategicPatch } from '../client/client.ts'
import type { ResourceRef } from '../client/resource.ts'
import { toTimestamp } from '../client/timestamp.ts'
import { runControllers } from '../controller/run.ts'
import type { WorkerStats } from '../controller/worker.ts'
import { usualAdmission } from '../server/admission/index.ts'
import { type BootstrapPolicy, bootstrapPolicy } from '../server/bootstrap-policy/policy.ts'
import { startGatedServer, type TestServer, testGates } from '../server/testing.ts'
import { seriesValue } from '../std/metrics.testing.ts'
import { type SimClock, simPorts } from '../std/sim-ports.ts'
import { verticalPodAutoscaler } from './autoscaling/vertical/index.ts'
import { controllerTable } from './index.ts'
import { clusterRoles, namespaces, nodes, pods } from './kinds.ts'
import { optionalRights } from './optional.ts'
import { defaultTuning } from './tuning.ts'

const clusterRoleBindings: ResourceRef<ClusterRoleBinding> = {
  ...clusterRoles,
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  selectableFields: {},
}

const manager = { username: 'system:kube-controller-manager', groups: ['system:authenticated'] }
const account = (name: string) => ({
  username: `system:serviceaccount:kube-system:${name}`,
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
})

/** What the stand-in for scheduler and kubelet makes of a pod; undefined: leaves it as it is. */
export type PodFate = (pod: Pod) => Pod['status'] | undefined

export interface ControllerTest {
  readonly server: TestServer
  readonly client: Client
  readonly stats: ReadonlyMap<string, WorkerStats>
  advance(ms: number): Promise<void>
  /** Rounds of a second: pods meet their fate (running and ready when none is given), deleted pods end. */
  settle(rounds?: number, fate?: PodFate): Promise<void>
  /** Stops everything; answers the names of the controllers that failed at something. */
  end(): Promise<string[]>
}

/**
 * All controllers over a real server in virtual time, with the real gates: upstream's rights and no others, admission on.
 * With feature gates named everything that may be served is; `optional` controllers run beside the others.
 */
export async function startControllerTest(
  gates: readonly SwitchedGate[] = [],
  optional: readonly string[] = [],
): Promise<ControllerTest> {
  const tuning = {
    ...defaultTuning,
    runs: (name: string) => defaultTuning.runs(name) || optional.includes(name),
  }
  const ports = simPorts()
  const features = createFeatures(gates.map(gate => `${gate}=true`))
  const served = servedResources(gates.length > 0 ? ['api/all=true'] : [], features)
  const registry = createRegistry([...served, ...resourceMetrics])
  const stop = new AbortController()
  const admission = { ...usualAdmission, scalesVertically: tuning.runs(verticalPodAutoscaler.name) }
  const server = await startGatedServer(
    { ports, registry, gates: { ...testGates(), admission } },
    stop.signal,
  )
  const client = createClient(server.admin)
  await allow(client, bootstrapPolicy(features, optionalRights(tuning)))
  await client.create(namespaces, { metadata: { name: 'shop' } } as Namespace)
  const table = controllerTable({
    catalog: server.catalog,
    clusterCidrs: ['10.42.0.0/16'],
    tokens: { rootCaPem: () => 'ROOT CA', signToken: ({ metadata }) => `token of ${metadata.name}` },
    certificates: { approve: () => undefined, sign: () => undefined },
    ...{ features, tuning },
  })
  const stats = new Map<string, WorkerStats>()
  const options = {
    transportFor: (identity: string) => server.inProcess(account(identity)),
    informerTransport: server.inProcess(manager),
    stats,
  }
  const running = runControllers(table, options)(server.ports, stop.signal)
  const clock = server.ports.clock as SimClock
  const advance = (ms: number) => clock.advance(ms)
  await advance(2_000)
  return {
    ...{ server, client, stats, advance },
    async settle(rounds = 12, fate = runs(server)) {
      for (let round = 0; round < rounds; round++) {
        await advance(1_000)
        await kubelet(client, fate)
      }
    },
    async end() {
      stop.abort()
      await running
      await server.shutdown()
      return [...stats].filter(([, { failures }]) => failures > 0).map(([name]) => name)
    },
  }
}

async function allow(client: Client, policy: BootstrapPolicy): Promise<void> {
  for (const role of policy.clusterRoles) await client.create(clusterRoles, role as ClusterRole)
  for (const binding of policy.clusterRoleBindings)
    await client.create(clusterRoleBindings, binding as ClusterRoleBinding)
}

async function kubelet(client: Client, fate: PodFate): Promise<void> {
  for (const pod of (await client.list(pods, {})).items) {
    const { name, namespace, deletionTimestamp } = pod.metadata
    const status = fate(pod)
    if (deletionTimestamp) await client.delete(pods, namespace, name!, { gracePeriodSeconds: 0 })
    else if (status)
      await client.patch(pods, namespace, name!, {
        type: strategicPatch,
        subresource: 'status',
        body: { status },
      })
  }
}

function runs({ ports }: TestServer): PodFate {
  return pod => (pod.status?.phase === 'Pending' ? readyStatus(ports.clock.nowMs()) : undefined)
}

/** Running and ready since then. */
export function readyStatus(sinceMs: number): Pod['status'] {
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: toTimestamp(sinceMs) }]
  return { phase: 'Running', podIP: '10.1.0.9', podIPs: [{ ip: '10.1.0.9' }], conditions }
}

/** Creates a node that stays healthy without a lease for as long as these tests last. */
export async function createNode(
  client: Client,
  name: string,
  labels: Record<string, string> = {},
): Promise<Node> {
  return await client.create(nodes, { metadata: { name, labels } } as Node)
}

/** The value of one series as /metrics tells it; NaN where it does not. */
export function toldOf({ server }: ControllerTest, series: string): number {
  return seriesValue(server.ports.metrics.text(), series) ?? Number.NaN
}
