import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { referenceTo } from '../../client/events.ts'
import { orUndefined } from '../../client/failure.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { Requeue, Worker, WorkerContext } from '../../controller/worker.ts'
import { leases, nodes, pods } from '../kinds.ts'
import { isReady } from '../shared/pod.ts'
import { EvictionPace, illZoneOf, readinessOf, zoneOf } from './eviction-pace.ts'
import { NodeHealth, readyCondition, silentConditions } from './node-health.ts'
import { hasNoExecute, isTainted, refreshedTaints, wantedNoExecute } from './node-taints.ts'
import { countEviction, tellZones } from './zone-metrics.ts'

const leaseNamespace = 'kube-node-lease'
const nodeNameOf = (pod: Pod) => pod.spec?.nodeName

/**
 * Notices nodes that fall silent, says so in their status and that of their pods, and taints them by their
 * conditions (upstream pkg/controller/nodelifecycle). Each node has one timer, set to when its grace ends.
 */
export const nodeLifecycleController: Worker = {
  name: 'nodelifecycle',
  identity: 'node-controller',
  start(context) {
    const lifecycle: Lifecycle = {
      ...context,
      health: new NodeHealth(),
      pace: new EvictionPace(),
      known: new Set(),
    }
    const { health, ports } = lifecycle
    const { store } = context.use(nodes)
    for (const projection of [illnessOf, zoneOf, illZoneOf, readinessOf]) store.index(projection)
    context.signal.addEventListener('abort', tellZones(ports.metrics, store), { once: true })
    context.watch(nodes, (node, old) => {
      const name = (node ?? old)!.metadata.name!
      if (node) health.observe(name, undefined, node, ports.clock.monotonicMs())
      const status = readyCondition(node)?.status
      if (status === readyCondition(old)?.status) return [name]
      // One that falls ill may not be the only one. Otherwise only those that are ill depend on others.
      const others = node && status !== 'True' ? store.list() : store.index(illnessOf).get('ill')
      return [name, ...others.map(({ metadata }) => metadata.name)]
    })
    context.watch(leases, lease => {
      if (lease?.metadata.namespace === leaseNamespace)
        health.observe(lease.metadata.name!, lease, undefined, ports.clock.monotonicMs())
      return []
    })
    context.use(pods).store.index(nodeNameOf)
    // A pod that comes to a node which is not ready is not ready itself.
    context.watch(pods, (pod, old) => {
      const name = pod?.spec?.nodeName
      const comes = name !== undefined && name !== old?.spec?.nodeName
      const ready = readyCondition(store.get(undefined, name ?? ''))
      return [comes && ready && ready.status !== 'True' ? name : undefined]
    })
    return name => tend(lifecycle, name)
  },
}

/** Index projection: one value for all nodes that are emptied or ought to be. */
function illnessOf(node: Node): string | undefined {
  return wantedNoExecute(node) !== undefined || isTainted(node) ? 'ill' : undefined
}

interface Lifecycle extends WorkerContext {
  readonly health: NodeHealth
  readonly pace: EvictionPace
  /** Uids of the nodes whose arrival was told. */
  readonly known: Set<string>
}

async function tend(lifecycle: Lifecycle, name: string): Promise<Requeue> {
  const { health, informers, ports } = lifecycle
  const node = informers.of(nodes).store.get(undefined, name)
  if (!node) {
    health.forget(name)
    return {}
  }
  welcome(lifecycle, node)
  const graceMs = health.graceLeftMs(node, ports.clock.monotonicMs())
  const current = graceMs <= 0 ? await declareSilent(lifecycle, node) : node
  const evictAgainMs = await retaint(lifecycle, current)
  if (readyCondition(current) && readyCondition(current)!.status !== 'True')
    await markPods(lifecycle, current)
  const waits = [...(graceMs > 0 ? [graceMs] : []), ...(evictAgainMs === undefined ? [] : [evictAgainMs])]
  return waits.length > 0 ? { afterMs: Math.min(...waits) } : {}
}

function welcome({ known, events }: Lifecycle, node: Node): void {
  const { name, uid } = node.metadata
  if (known.has(uid ?? '')) return
  known.add(uid ?? '')
  const message = `Node ${name} event: Registered Node ${name} in Controller`
  events.record(
    { ...referenceTo(nodes, node), resourceVersion: undefined },
    { type: 'Normal', reason: 'RegisteredNode', message },
  )
}

async function declareSilent({ client, ports, events }: Lifecycle, node: Node): Promise<Node> {
  const conditions = silentConditions(node, ports.clock.nowMs())
  if (!conditions) return node
  const wasReady = readyCondition(node)?.status === 'True'
  const updated = await client.updateStatus(nodes, { ...node, status: { ...node.status, conditions } })
  if (wasReady) {
    const message = `Node ${node.metadata.name} status is now: NodeNotReady`
    events.record(
      { ...referenceTo(nodes, node), resourceVersion: undefined },
      { type: 'Normal', reason: 'NodeNotReady', message },
    )
  }
  return updated
}

/** Writes the taints; answers when to come back for one that must wait its turn. */
async function retaint(lifecycle: Lifecycle, node: Node): Promise<number | undefined> {
  const { client, informers, pace, ports } = lifecycle
  const wanted = wantedNoExecute(node)
  const { store } = informers.of(nodes)
  const zone = zoneOf(node)
  const count = { nodes: store.index(zoneOf).count(zone), ill: store.index(illZoneOf).count(zone) }
  const adds = wanted !== undefined && !hasNoExecute(node, wanted)
  const waitMs = adds ? pace.waitMs(zone, count, ports.clock.monotonicMs()) : 0
  // When no node at all is ready, the fault is more likely ours than theirs: nothing is evicted.
  const isAnyReady = store.index(readinessOf).count('ready') > 0
  const eviction = !isAnyReady ? 'never' : waitMs === 0 ? 'now' : 'wait'
  const taints = refreshedTaints(node, eviction, ports.clock.nowMs())
  if (taints) {
    const { name, resourceVersion } = node.metadata
    await client.patch(nodes, undefined, name!, {
      type: mergePatch,
      body: { metadata: { resourceVersion }, spec: { taints } },
    })
    if (adds && eviction === 'now') {
      pace.took(zone, ports.clock.monotonicMs())
      countEviction(ports.metrics, zone)
    }
  }
  return adds && waitMs > 0 && Number.isFinite(waitMs) ? waitMs : undefined
}

/** Pods of a node that is not ready are not ready. */
async function markPods({ client, informers, events, ports }: Lifecycle, node: Node): Promise<void> {
  const { name } = node.metadata
  const here = informers.of(pods).store.index(nodeNameOf).get(name!).filter(isReady)
  for (const pod of here) {
    const lastTransitionTime = toTimestamp(ports.clock.nowMs())
    const conditions = pod.status!.conditions!.map(condition =>
      condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime } : condition,
    )
    await orUndefined(client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } }))
    events.record(referenceTo(pods, pod), {
      type: 'Warning',
      reason: 'NodeNotReady',
      message: 'Node is not ready',
    })
  }
}
