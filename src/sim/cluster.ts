import { createRegistry } from '../api/registry.ts'
import { type Client, createClient } from '../client/client.ts'
import { createSeriesRecorder } from '../client/series-events.ts'
import type { Transport } from '../client/transport.ts'
import { runControllers } from '../controller/run.ts'
import { controllerTable } from '../controllers/index.ts'
import { createLabelIndex } from '../kernels/label-index-wasm.ts'
import { createNodeColumns } from '../kernels/node-columns-wasm.ts'
import { createScheduler } from '../scheduler/scheduler.ts'
import { componentUsers, controllerUser, nodeUser } from '../server/authn/identity.ts'
import { ensureBootstrapObjects } from '../server/bootstrap/objects.ts'
import { reconcileBootstrapPolicy } from '../server/bootstrap-policy/reconcile.ts'
import type { UserInfo } from '../server/context.ts'
import { openServer } from '../server/open-server.ts'
import type { ApiServer } from '../server/server.ts'
import { testGates } from '../server/testing.ts'
import type { Logger, Ports } from '../std/ports.ts'
import { simPorts } from '../std/sim-ports.ts'
import { openMemoryStore } from '../storage/memory/memory-store.ts'
import type { Store } from '../storage/store.ts'
import { createFaultDial, type FaultDial, noFaults } from './faults.ts'
import { faultyTransport, type Link } from './faulty-transport.ts'
import { createInvariants, type Invariants } from './invariants.ts'
import { createSimNode, type SimNode } from './node.ts'
import { createPart, type Part } from './part.ts'
import { slowStore } from './slow-store.ts'
import { type Trace, type TraceLine, traceStore } from './trace.ts'
import { createWatchAudit, type WatchAudit } from './watch-audit.ts'

export interface ClusterOptions {
  readonly seed: number
  readonly nodes: number
  readonly log?: Logger
  /** Hears every commit. */
  readonly onLine?: (line: TraceLine) => void
}

/** A whole cluster in one process, in virtual time, from one seed. */
export interface SimCluster {
  readonly ports: ReturnType<typeof simPorts>
  readonly dial: FaultDial
  readonly trace: Trace
  readonly audit: WatchAudit
  readonly invariants: Invariants
  /** Every request of a part that is no read, refused ones too: `system:node:node-001 update leases`. */
  readonly writeCalls: ReadonlyMap<string, number>
  /** All rights, no faults: for the scenario and its checks. */
  readonly admin: Client
  readonly nodes: readonly SimNode[]
  readonly scheduler: Part
  readonly controllers: Part
  /** Ends the API server and starts a new one over the same store; every watch breaks, all history is gone. */
  restartServer(): Promise<void>
  /** Names what a part could not mend itself. */
  readonly partFailures: () => string[]
  stop(): Promise<void>
}

/** Brings up store, server and policy; the parts and the nodes are there and not yet started. */
export async function createSimCluster(options: ClusterOptions): Promise<SimCluster> {
  const sim = simPorts(options.seed)
  const ports = options.log ? { ...sim, log: options.log } : sim
  const dial = createFaultDial(noFaults)
  const stop = new AbortController()
  const store = openMemoryStore(ports)
  const audit = createWatchAudit()
  const invariants = createInvariants()
  const trace = traceStore(store, ports.clock, stop.signal, line => {
    audit.take(line)
    invariants.take(line)
    options.onLine?.(line)
  })
  const server = await createServing(slowStore(store, dial, ports), ports)
  const admin = createClient(server.as(componentUsers.server))
  const writeCalls = new Map<string, number>()
  const ways = waysIn({ server, audit, dial, ports, writeCalls })
  const controllers = createPart(ports, killed => controllerManager(server, ways, killed))
  const scheduler = createPart(ports, killed => schedulerPart(ways, killed))
  const nodes = Array.from({ length: options.nodes }, (_, index) =>
    createSimNode({ index, ports, transport: ways.node(index) }),
  )
  const parts = new Map<string, Part>([
    ['controllers', controllers],
    ['scheduler', scheduler],
  ])
  for (const node of nodes) parts.set(node.name, node)
  return {
    ...{ ports, dial, trace, audit, invariants, writeCalls, admin, nodes, scheduler, controllers },
    partFailures: () =>
      [...parts].flatMap(([name, { failures }]) => failures.map(failure => `${name}: ${failure}`)),
    restartServer: () => server.restart(),
    async stop() {
      for (const part of parts.values()) part.kill()
      stop.abort()
      await server.stop()
      await store.close()
    },
  }
}

interface Served {
  readonly registry: ReturnType<typeof createRegistry>
  /** Leads to whichever server is up at the time of each request. */
  as(user: UserInfo): Transport
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Tokens are signed with a key of theirs; none reaches the store, so it may differ from run to run. */
const gates = testGates()

async function createServing(store: Store, ports: Ports): Promise<Served> {
  const registry = createRegistry()
  let server = await serve(store, ports, registry)
  const as = (user: UserInfo): Transport => ({
    call: call => server.api.inProcess(user).call(call),
    watch: (call, sink, signal) => server.api.inProcess(user).watch(call, sink, signal),
  })
  const prepare = async () => {
    await reconcileBootstrapPolicy(as(componentUsers.server), ports)
    const advertised = {
      address: '192.0.2.1',
      port: 6443,
      clusterIp: '10.43.0.1',
      serviceCidrs: ['10.43.0.0/16'],
    }
    await ensureBootstrapObjects(as(componentUsers.server), advertised)
  }
  const stop = async () => {
    server.stop.abort()
    await server.api.shutdown()
  }
  await prepare()
  return {
    ...{ registry, as, stop },
    async restart() {
      await stop()
      server = await serve(store, ports, registry)
      await prepare()
    },
  }
}

interface RunningServer {
  readonly api: ApiServer
  readonly stop: AbortController
}

async function serve(
  store: Store,
  ports: Ports,
  registry: ReturnType<typeof createRegistry>,
): Promise<RunningServer> {
  const stop = new AbortController()
  const { server } = await openServer({ ports, store, registry, gates }, stop.signal)
  return { api: server, stop }
}

interface WaysIn {
  of(user: UserInfo, killed: AbortSignal): Transport
  node(index: number): (link: Link, killed: AbortSignal) => Transport
}

interface WaysInParts {
  readonly server: Served
  readonly audit: WatchAudit
  readonly dial: FaultDial
  readonly ports: Ports
  readonly writeCalls: Map<string, number>
}

function waysIn({ server, audit, dial, ports, writeCalls }: WaysInParts): WaysIn {
  const way = (user: UserInfo, killed: AbortSignal, link?: Link) => {
    const inner = audit.wrap(countWrites(server.as(user), user.username, writeCalls), user.username)
    return faultyTransport({ inner, dial, ports, killed, ...(link && { link }) })
  }
  return {
    of: (user, killed) => way(user, killed),
    node: index => (link, killed) => way(nodeUser(`node-${String(index).padStart(3, '0')}`), killed, link),
  }
}

function countWrites(inner: Transport, who: string, counts: Map<string, number>): Transport {
  return {
    watch: (call, sink, signal) => inner.watch(call, sink, signal),
    call(call) {
      const { verb, resource, subresource } = call
      const key = `${who} ${verb} ${resource}${subresource ? `/${subresource}` : ''}`
      if (verb !== 'get' && verb !== 'list') counts.set(key, (counts.get(key) ?? 0) + 1)
      return inner.call(call)
    },
  }
}

function controllerManager({ registry }: Served, ways: WaysIn, killed: AbortSignal) {
  const table = controllerTable({
    catalog: registry,
    clusterCidrs: ['10.42.0.0/16'],
    tokens: { rootCaPem: () => 'simulated authority\n', signToken: () => 'simulated token' },
    certificates: { approve: () => undefined, sign: () => undefined },
  })
  return runControllers(table, {
    informerTransport: ways.of(componentUsers.controllerManager, killed),
    transportFor: name => ways.of(controllerUser(name), killed),
  })
}

function schedulerPart(ways: WaysIn, killed: AbortSignal) {
  return (ports: Ports, signal: AbortSignal) => {
    const client = createClient(ways.of(componentUsers.scheduler, killed))
    const names = { controller: 'default-scheduler', instance: 'default-scheduler-sim' }
    const recorder = createSeriesRecorder({ client, ports, signal, ...names })
    const kernels = { columns: createNodeColumns(), labels: createLabelIndex() }
    return createScheduler({ client, recorder, kernels })(ports, signal)
  }
}
