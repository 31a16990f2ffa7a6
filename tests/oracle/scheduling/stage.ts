import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replicaSets } from '../../../src/api/apps/replica-set.ts'
import { namespaces } from '../../../src/api/core/namespace.ts'
import { nodes } from '../../../src/api/core/node.ts'
import { persistentVolumes } from '../../../src/api/core/persistent-volume.ts'
import { persistentVolumeClaims } from '../../../src/api/core/persistent-volume-claim.ts'
import { pods } from '../../../src/api/core/pod.ts'
import { services } from '../../../src/api/core/service.ts'
import { runtimeClasses } from '../../../src/api/node/runtime-class.ts'
import { podDisruptionBudgets } from '../../../src/api/policy/pod-disruption-budget.ts'
import { priorityClasses } from '../../../src/api/scheduling/priority-class.ts'
import { csiNodes } from '../../../src/api/storage/csi-node.ts'
import { storageClasses } from '../../../src/api/storage/storage-class.ts'
import type { Node, Pod } from '../../../src/api/types/core-v1.gen.ts'
import { type Client, createClient, mergePatch } from '../../../src/client/client.ts'
import { createHttpTransport } from '../../../src/client/http-transport.ts'
import type { Informer } from '../../../src/client/informer.ts'
import { createInformers } from '../../../src/client/informers.ts'
import { readKubeconfig } from '../../../src/client/kubeconfig.ts'
import { type ResourceName, type ResourceRef, toKey } from '../../../src/client/resource.ts'
import type { JsonObject, KubeObject } from '../../../src/machinery/meta/object.ts'
import { silentLogger } from '../../../src/std/log.ts'
import { realPorts } from '../../../src/std/real-ports.ts'
import { startStock } from '../stock.ts'
import { profileList } from './profiles.ts'
import type { RandomCluster } from './random-cluster.ts'

/** A stock API server and scheduler without controllers and kubelets: only the scheduler acts. */
export interface Stage {
  readonly client: Client
  /** Puts the cluster there; resolves when the scheduler has had time to see it. */
  build(cluster: RandomCluster): Promise<void>
  /** Takes all pods and nodes away. */
  clear(cluster: RandomCluster): Promise<void>
  /** All that a scheduler looks at, as it is now. */
  observe(): Promise<Observed>
  /** The pod's state as soon as it is as wanted, or as it is when the time is over. */
  podWhen(
    namespace: string,
    name: string,
    wanted: (pod: Pod | undefined) => boolean,
  ): Promise<Pod | undefined>
  /** What the stock scheduler's log told since the last asking: plugin by node. */
  scoresOf(namespace: string, name: string): ReadonlyMap<string, ReadonlyMap<string, number>>
  close(): Promise<void>
}

/** Objects by kind; pods with and without nodes. */
export interface Observed {
  readonly nodes: readonly Node[]
  readonly pods: readonly Pod[]
  readonly others: readonly (readonly [ResourceName, readonly KubeObject[]])[]
}

const otherKinds: readonly ResourceName[] = [
  ...[services, replicaSets, namespaces, podDisruptionBudgets, storageClasses, persistentVolumes],
  ...[persistentVolumeClaims, csiNodes],
]
/** What a scheduler does within this time it does at all. */
const patienceMs = 15_000
/** Nodes come to the scheduler by another watch than pods: nothing orders the two. */
const settlingMs = 250

export async function openStage(): Promise<Stage> {
  await using opened = new AsyncDisposableStack()
  const profiles = { HUTCH_STOCK_PROFILES: JSON.stringify(profileList) }
  const { kubeconfig, directory } = opened.use(await startStock('scheduler', profiles))
  const ports = realPorts(silentLogger)
  const identity = readKubeconfig(readFileSync(kubeconfig, 'utf8'), {
    readFile: path => readFileSync(path, 'utf8'),
  })
  const client = createClient(
    createHttpTransport({ identity: () => identity, ports, userAgent: 'hutch-scheduling-oracle' }),
  )
  const stop = new AbortController()
  const informers = createInformers({ client, ports, signal: stop.signal })
  opened.defer(async () => {
    stop.abort()
    await informers.done
  })
  const live = informers.of(pods)
  await live.whenSynced()
  const kept = opened.move()
  return {
    client,
    build: cluster => build(client, cluster),
    clear: cluster => clear(client, cluster),
    observe: () => observe(client),
    podWhen: (namespace, name, wanted) => podWhen(live, toKey(namespace, name), wanted),
    scoresOf: (namespace, name) => readScores(join(directory, 'kube-scheduler.log'), `${namespace}/${name}`),
    close: () => kept.disposeAsync(),
  }
}

async function build(client: Client, cluster: RandomCluster): Promise<void> {
  const create = <T extends KubeObject>(kind: ResourceRef<T>, list: readonly T[]) =>
    Promise.all(list.map(object => client.create(kind, object)))
  await create(namespaces, cluster.namespaces)
  await createMissing(client, priorityClasses, cluster.priorityClasses)
  await createMissing(client, runtimeClasses, cluster.runtimeClasses)
  await create(services, cluster.services)
  await create(replicaSets, cluster.replicaSets)
  await Promise.all(cluster.nodes.map(node => createNode(client, node)))
  const withStatus = <T extends KubeObject & { readonly status?: object }>(
    kind: ResourceRef<T>,
    list: readonly T[],
  ) =>
    Promise.all(
      list.map(async object => {
        await client.create(kind, object)
        await patchStatus(client, kind, object)
      }),
    )
  await withStatus(podDisruptionBudgets, cluster.budgets)
  const { classes, volumes, claims } = cluster.storage
  await create(storageClasses, classes)
  await create(persistentVolumes, volumes)
  await withStatus(persistentVolumeClaims, claims)
  await create(csiNodes, cluster.storage.csiNodes)
  await Promise.all(cluster.pods.map(pod => createRunning(client, pod, cluster)))
  await Bun.sleep(settlingMs)
}

/** What every cluster has alike stays when one is cleared away. */
async function createMissing<T extends KubeObject>(
  client: Client,
  kind: ResourceRef<T>,
  list: readonly T[],
): Promise<void> {
  const known = new Set((await client.list(kind)).items.map(({ metadata }) => metadata.name))
  const missing = list.filter(({ metadata }) => !known.has(metadata.name))
  await Promise.all(missing.map(object => client.create(kind, object)))
}

/** Admission taints every new node until somebody says that it is ready. */
async function createNode(client: Client, node: Node): Promise<void> {
  await client.create(nodes, node)
  const body = { spec: { taints: node.spec?.taints ?? null } }
  await client.patch(nodes, undefined, node.metadata.name!, { type: mergePatch, body })
}

async function createRunning(client: Client, pod: Pod, { leaving }: RandomCluster): Promise<void> {
  await client.create(pods, pod)
  await patchStatus(client, pods, pod)
  const { namespace, name } = pod.metadata
  if (leaving.has(toKey(namespace, name!))) await client.delete(pods, namespace, name!)
}

async function patchStatus<T extends KubeObject & { readonly status?: object }>(
  client: Client,
  kind: ResourceRef<T>,
  object: T,
): Promise<void> {
  const body = { status: object.status as JsonObject }
  const { namespace, name } = object.metadata
  await client.patch(kind, namespace, name!, { type: mergePatch, body, subresource: 'status' })
}

async function clear(client: Client, cluster: RandomCluster): Promise<void> {
  for (const { metadata } of cluster.namespaces) {
    await client.deleteCollection(pods, { namespace: metadata.name! }, { gracePeriodSeconds: 0 })
    await client.deleteCollection(podDisruptionBudgets, { namespace: metadata.name! })
  }
  await client.deleteCollection(nodes, {})
  await client.deleteCollection(csiNodes, {})
}

async function observe(client: Client): Promise<Observed> {
  const list = async <T extends KubeObject>(kind: ResourceRef<T>) => (await client.list(kind)).items
  const [allNodes, allPods, ...others] = await Promise.all([
    list(nodes),
    list(pods),
    ...otherKinds.map(kind => list<KubeObject>(kind)),
  ])
  return {
    nodes: allNodes as Node[],
    pods: allPods as Pod[],
    others: others.map((items, index) => [otherKinds[index]!, items as KubeObject[]]),
  }
}

async function podWhen(
  live: Informer<Pod>,
  key: string,
  wanted: (pod: Pod | undefined) => boolean,
): Promise<Pod | undefined> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = () => wanted(live.store.byKey(key)) && resolve()
  const forget = live.onChange(look)
  look()
  await Promise.race([promise, Bun.sleep(patienceMs)])
  forget()
  return live.store.byKey(key)
}

const scored = /"Plugin scored node for pod" pod="([^"]+)" plugin="([^"]+)" node="([^"]+)" score=(-?\d+)/

/** The last round of scoring that the log tells of this pod. */
function readScores(log: string, pod: string): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const scores = new Map<string, Map<string, number>>()
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, of, plugin, node, score] = scored.exec(line) ?? []
    if (of !== pod) continue
    const byNode = scores.get(plugin!) ?? new Map<string, number>()
    scores.set(plugin!, byNode.set(node!, Number(score)))
  }
  return scores
}
