import { type Catalog, resourceOfKind } from '../../client/catalog.ts'
import { type Client, type DeleteOptions, mergePatch } from '../../client/client.ts'
import { referenceTo } from '../../client/events.ts'
import { isNotFound, orUndefined } from '../../client/failure.ts'
import type { ResourceName } from '../../client/resource.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import type { KubeObject, OwnerReference } from '../../machinery/meta/object.ts'
import type { MetricSpec } from '../../std/metrics.ts'
import { sleep } from '../../std/sleep.ts'
import { jsonEqual } from '../shared/equal.ts'
import {
  blocks,
  DependencyGraph,
  foregroundFinalizer,
  type GraphNode,
  orphanFinalizer,
  toNode,
  waitsForDependents,
  waitsForOrphaning,
} from './dependency-graph.ts'
import { followKinds } from './followed-kinds.ts'

/**
 * Deletes what nobody owns any more and finishes foreground and orphaning deletions, for every kind that can
 * be deleted (upstream pkg/controller/garbagecollector). Keys are uids.
 */
export function garbageCollector(catalog: Catalog): Worker {
  return {
    name: 'garbagecollector',
    identity: 'generic-garbage-collector',
    eventSource: 'garbage-collector-controller',
    concurrency: 20,
    start(context) {
      const collector: Collector = { ...context, catalog, graph: new DependencyGraph() }
      const stop = followKinds(
        catalog,
        () => true,
        resource => follow(collector, resource),
      )
      context.signal.addEventListener('abort', stop, { once: true })
      // Before everything was listed much looks absent that is not, and each would be asked for.
      const { ports, signal } = context
      const failures = ports.metrics.counter(listFailures).with()
      const isSynced = context.informers.whenSynced().then(() => true)
      const isLate = sleep(ports.clock, firstListMaxMs, signal).then(() => false)
      const listed = Promise.race([isSynced, isLate]).then(inTime => {
        if (!inTime && !signal.aborted) failures.inc()
      })
      return async uid => {
        await listed
        const node = collector.graph.get(uid)
        if (node) await collect(collector, node)
        return {}
      }
    },
  }
}

/** Upstream's name (pkg/controller/garbagecollector/metrics). */
const listFailures: MetricSpec = {
  name: 'garbagecollector_controller_resources_sync_error_total',
  help: 'Times that not all kinds could be listed in good time.',
  stability: 'ALPHA',
}

/** A resource that cannot be listed must not hold up the others for longer. */
const firstListMaxMs = 30_000

interface Collector extends WorkerContext {
  readonly catalog: Catalog
  readonly graph: DependencyGraph
}

function follow(collector: Collector, resource: ResourceName): () => void {
  const { informers, graph } = collector
  const cancel = informers.of(resource).onChange(({ old, object }) => {
    const isSame = old?.metadata.uid === object?.metadata.uid
    if (old && !isSame) removed(collector, old.metadata.uid ?? '')
    if (object && !(old && isSame && isTiedAlike(old, object))) seen(collector, toNode(resource, object))
  })
  return () => {
    cancel()
    informers.forget(resource)
    for (const { uid } of graph.nodesOf(resource)) graph.lose(uid)
  }
}

/** Most changes touch neither owners nor deletion, and share what they do not touch. */
function isTiedAlike({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean {
  return (
    a.ownerReferences === b.ownerReferences &&
    a.finalizers === b.finalizers &&
    a.deletionTimestamp === b.deletionTimestamp
  )
}

function seen(collector: Collector, node: GraphNode): void {
  const { graph, enqueue } = collector
  const before = graph.get(node.uid)
  if (before && jsonEqual(before, node)) return
  graph.put(node)
  for (const owner of before?.owners ?? []) {
    const owning = graph.get(owner.uid)
    if (owning && waitsForDependents(owning)) enqueue(owner.uid)
  }
  const missesOwner = node.owners.some(owner => {
    const found = graph.ownerOf(node, owner)
    return !found || waitsForDependents(found)
  })
  if (missesOwner || waitsForDependents(node) || waitsForOrphaning(node)) enqueue(node.uid)
  // A reference that was taken for absent may have been to this object under another name or place.
  if (!before) for (const dependent of graph.dependentsOf(node.uid)) enqueue(dependent.uid)
  if (waitsForDependents(node)) for (const dependent of graph.dependentsOf(node.uid)) enqueue(dependent.uid)
}

function removed({ graph, enqueue }: Collector, uid: string): void {
  const node = graph.get(uid)
  const dependents = graph.dependentsOf(uid)
  graph.remove(uid)
  for (const dependent of dependents) enqueue(dependent.uid)
  for (const owner of node?.owners ?? []) {
    const owning = graph.get(owner.uid)
    if (owning && waitsForDependents(owning)) enqueue(owner.uid)
  }
}

async function collect(collector: Collector, node: GraphNode): Promise<void> {
  if (waitsForOrphaning(node)) return await orphanDependents(collector, node)
  if (waitsForDependents(node)) return await finishForeground(collector, node)
  if (node.deleting || node.owners.length === 0) return
  const { resource, namespace, name } = node
  const latest = await orUndefined(collector.client.get(resource, namespace, name))
  if (!latest || latest.metadata.uid !== node.uid) return
  await decide(collector, node, latest)
}

interface Owners {
  readonly solid: OwnerReference[]
  readonly dangling: OwnerReference[]
  readonly waiting: OwnerReference[]
}

/** An object stays as long as one owner stays. Without one it goes the way that its owners go. */
async function decide(collector: Collector, node: GraphNode, latest: KubeObject): Promise<void> {
  const references = latest.metadata.ownerReferences ?? []
  if (references.length === 0) return
  const owners = await classify(collector, node, references)
  if (!owners) return
  const { solid, dangling, waiting } = owners
  const { client, graph } = collector
  if (solid.length > 0) {
    if (dangling.length + waiting.length > 0) await setOwners(client, node, latest, solid)
    return
  }
  const dependents = graph.dependentsOf(node.uid)
  if (waiting.length > 0 && dependents.length > 0) {
    if (dependents.some(waitsForDependents)) await unblockOwners(client, node, latest)
    return await deleteObject(collector, node, latest, 'Foreground')
  }
  const finalizers = latest.metadata.finalizers ?? []
  const policy = finalizers.includes(orphanFinalizer)
    ? 'Orphan'
    : finalizers.includes(foregroundFinalizer)
      ? 'Foreground'
      : 'Background'
  await deleteObject(collector, node, latest, policy)
}

/** Undefined: one reference cannot be judged, so nothing may be done. */
async function classify(
  collector: Collector,
  node: GraphNode,
  references: readonly OwnerReference[],
): Promise<Owners | undefined> {
  const owners: Owners = { solid: [], dangling: [], waiting: [] }
  for (const reference of references) {
    const standing = await standingOf(collector, node, reference)
    if (standing === 'unknowable') return undefined
    owners[standing].push(reference)
  }
  return owners
}

type Standing = keyof Owners | 'unknowable'

/** What the cache shows can be trusted to be told of its end; what it does not show is asked for. */
async function standingOf(
  collector: Collector,
  node: GraphNode,
  reference: OwnerReference,
): Promise<Standing> {
  const { graph, catalog, client } = collector
  const known = graph.ownerOf(node, reference)
  if (known) return waitsForDependents(known) ? 'waiting' : 'solid'
  if (graph.isForgotten(reference.uid)) return 'dangling'
  const resource = resourceOfKind(catalog, reference.apiVersion, reference.kind)
  if (!resource) throw new Error(`unable to get REST mapping for ${reference.apiVersion}/${reference.kind}.`)
  if (resource.namespaced && node.namespace === undefined) return 'unknowable'
  reportForeignOwner(collector, node, reference)
  const live = await orUndefined(
    client.get(resource, resource.namespaced ? node.namespace : undefined, reference.name),
  )
  if (live?.metadata.uid !== reference.uid) return 'dangling'
  return waitsForDependents(toNode(resource, live)) ? 'waiting' : 'solid'
}

/** The owner exists, but in another namespace: for this reference it does not. */
function reportForeignOwner({ graph, events }: Collector, node: GraphNode, reference: OwnerReference): void {
  const owner = graph.get(reference.uid)
  if (!owner?.namespace || owner.namespace === node.namespace) return
  const { apiVersion, kind, name, uid } = reference
  const owned = `[${apiVersion}/${kind}, namespace: ${node.namespace}, name: ${name}, uid: ${uid}]`
  const about = referenceTo(node.resource, {
    metadata: { namespace: node.namespace, name: node.name, uid: node.uid },
  })
  const message = `ownerRef ${owned} does not exist in namespace ${JSON.stringify(node.namespace ?? '')}`
  events.record(about, { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message })
}

async function finishForeground(collector: Collector, node: GraphNode): Promise<void> {
  const blocking = collector.graph.dependentsOf(node.uid).filter(dependent => blocks(dependent, node.uid))
  if (blocking.length === 0) return await removeFinalizer(collector.client, node, foregroundFinalizer)
  for (const dependent of blocking) if (!waitsForDependents(dependent)) collector.enqueue(dependent.uid)
}

async function orphanDependents({ client, graph }: Collector, owner: GraphNode): Promise<void> {
  for (const dependent of graph.dependentsOf(owner.uid)) {
    const latest = await orUndefined(client.get(dependent.resource, dependent.namespace, dependent.name))
    if (latest?.metadata.uid !== dependent.uid) continue
    const left = (latest.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.uid)
    if (left.length < latest.metadata.ownerReferences!.length)
      await setOwners(client, dependent, latest, left)
  }
  await removeFinalizer(client, owner, orphanFinalizer)
}

async function removeFinalizer(client: Client, node: GraphNode, finalizer: string): Promise<void> {
  const latest = await orUndefined(client.get(node.resource, node.namespace, node.name))
  if (latest?.metadata.uid !== node.uid || !latest.metadata.finalizers?.includes(finalizer)) return
  const finalizers = latest.metadata.finalizers.filter(other => other !== finalizer)
  await patchMetadata(client, node, { resourceVersion: latest.metadata.resourceVersion, finalizers })
}

async function unblockOwners(client: Client, node: GraphNode, latest: KubeObject): Promise<void> {
  const references = latest.metadata.ownerReferences ?? []
  if (!references.some(({ blockOwnerDeletion }) => blockOwnerDeletion)) return
  const unblocked = references.map(reference => ({ ...reference, blockOwnerDeletion: false }))
  await setOwners(client, node, { metadata: { ...latest.metadata, resourceVersion: undefined } }, unblocked)
}

async function setOwners(
  client: Client,
  node: GraphNode,
  latest: KubeObject,
  ownerReferences: readonly OwnerReference[],
): Promise<void> {
  const { uid, resourceVersion } = latest.metadata
  await patchMetadata(client, node, { uid, resourceVersion, ownerReferences })
}

async function patchMetadata(
  client: Client,
  node: GraphNode,
  metadata: Record<string, unknown>,
): Promise<void> {
  const patch = client.patch(node.resource, node.namespace, node.name, {
    type: mergePatch,
    body: { metadata },
  })
  await orUndefined(patch)
}

/** Deletes what was judged: another state of it conflicts and is judged again. */
async function deleteObject(
  collector: Collector,
  node: GraphNode,
  latest: KubeObject,
  propagationPolicy: DeleteOptions['propagationPolicy'],
): Promise<void> {
  const { uid, resourceVersion } = latest.metadata
  const preconditions = propagationPolicy === 'Foreground' ? { uid } : { uid, resourceVersion }
  try {
    await collector.client.delete(node.resource, node.namespace, node.name, {
      preconditions,
      propagationPolicy,
    })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
