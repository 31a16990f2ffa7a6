import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { referenceTo } from '../../client/events.ts'
import { orUndefined } from '../../client/failure.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { Requeue, Sync, Worker, WorkerContext } from '../../controller/worker.ts'
import { leases, nodes, pods } from '../kinds.ts'
import { isReady } from '../shared/pod.ts'
import { defaultTuning, type NodeTuning } from '../tuning.ts'
import { countZone, EvictionPace, illZoneOf, readinessOf, zoneOf } from './eviction-pace.ts'
import { NodeHealth, readyCondition, silentConditions } from './node-health.ts'
import { hasNoExecute, isTainted, refreshedTaints, wantedNoExecute } from './node-taints.ts'
import { nodesAtOnce } from './nodes-at-once.ts'
import { countEviction, tellZones, timedLooks } from './zone-metrics.ts'

const leaseNamespace = 'kube-node-lease'
const nodeNameOf = (pod: Pod) => pod.spec?.nodeName

/**
 * Notices nodes that fall silent, says so in their status and that of their pods, and taints them by their
 * conditions (upstream pkg/controller/nodelifecycle). Each node has one timer, set to when its grace ends.
 */
export function nodeLifecycleController(tuning: NodeTuning = defaultTuning.nodes): Worker {
  return {
    name: 'nodelifecycle',
    identity: 'node-controller',
    concurrency: nodesAtOnce,
    start: context => follow(context, tuning),
  }
}

function follow(context: WorkerContext, tuning: NodeTuning): Sync {
  const lifecycle: Lifecycle = {
    ...context,
    health: new NodeHealth(tuning),
    pace: new EvictionPace(tuning),
    tuning,
    known: new Set(),
    isAnyReady: false,
  }
  const { health, ports } = lifecycle
  const { store } = context.use(nodes)
  for (const projection of [illnessOf, zoneOf, illZoneOf, readinessOf]) store.index(projection)
  context.signal.addEventListener('abort', tellZones(ports.metrics, store), { once: true })
  context.watch(nodes, (node, old) => {
    const name = (node ?? old)!.metadata.name!
    if (node) health.observe(name, undefined, node, ports.clock.monotonicMs())
    return [name, ...dependents(lifecycle, store, [node, old])]
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
  return timedLooks(ports, name => tend(lifecycle, name))
}

/**
 * Who has to be looked at again when one node changes: those that are ill, when their zone is emptied at another pace
 * than before, or when the first node is ready or the last one no longer is. Ten thousand that fall silent one after
 * the other do not each wake all others.
 */
function dependents(
  lifecycle: Lifecycle,
  store: ObjectStore<Node>,
  states: readonly (Node | undefined)[],
): string[] {
  const isAnyReady = store.index(readinessOf).count('ready') > 0
  const woken: Node[] = []
  if (isAnyReady !== lifecycle.isAnyReady) woken.push(...store.index(illnessOf).get('ill'))
  lifecycle.isAnyReady = isAnyReady
  for (const zone of new Set(states.flatMap(node => (node ? [zoneOf(node)] : []))))
    if (lifecycle.pace.hasChanged(zone, countZone(store, zone)))
      woken.push(...store.index(illZoneOf).get(zone))
  return woken.map(({ metadata }) => metadata.name!)
}

/** Index projection: one value for all nodes that are emptied or ought to be. */
function illnessOf(node: Node): string | undefined {
  return wantedNoExecute(node) !== undefined || isTainted(node) ? 'ill' : undefined
}

interface Lifecycle extends WorkerContext {
  readonly health: NodeHealth
  readonly pace: EvictionPace
  readonly tuning: NodeTuning
  /** Uids of the nodes whose arrival was told. */
  readonly known: Set<string>
  /** As of the last change of a node. */
  isAnyReady: boolean
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
  const { client, informers, pace, ports, tuning } = lifecycle
  const wanted = wantedNoExecute(node)
  const { store } = informers.of(nodes)
  const zone = zoneOf(node)
  const count = countZone(store, zone)
  const adds = wanted !== undefined && !hasNoExecute(node, wanted)
  const pauseMs = adds ? pace.waitMs(zone, count, ports.clock.monotonicMs()) : 0
  const waitMs = adds && pauseMs === 0 && !isAnyAlive(lifecycle, store) ? tuning.monitorPeriodMs : pauseMs
  // When no node at all is ready, the fault is more likely ours than theirs: nothing is evicted.
  const isAnyReady = store.index(readinessOf).count('ready') > 0
  const eviction = !isAnyReady ? 'never' : waitMs === 0 ? 'now' : 'wait'
  const taints = refreshedTaints(node, eviction, ports.clock.nowMs())
  if (taints) {
    const { name, resourceVersion } = node.metadata
    const evicts = adds && eviction === 'now'
    // Before it is done: others of the zone are looked at meanwhile.
    if (evicts) pace.took(zone, ports.clock.monotonicMs())
    await client.patch(nodes, undefined, name!, {
      type: mergePatch,
      body: { metadata: { resourceVersion }, spec: { taints } },
    })
    if (evicts) countEviction(ports.metrics, zone)
  }
  return adds && waitMs > 0 && Number.isFinite(waitMs) ? waitMs : undefined
}

/** Of those that call themselves ready, some may have fallen silent together with the one that was noticed first. */
function isAnyAlive({ health, ports }: Lifecycle, store: ObjectStore<Node>): boolean {
  const nowMs = ports.clock.monotonicMs()
  return store
    .index(readinessOf)
    .get('ready')
    .some(node => health.graceLeftMs(node, nowMs) > 0)
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
