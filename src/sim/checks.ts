import { serviceNameOf } from '../api/discovery/service-name.ts'
import type { Pod } from '../api/types/core-v1.gen.ts'
import type { Client } from '../client/client.ts'
import { deployments, endpointSlices, pods, replicaSets } from '../controllers/kinds.ts'
import { isConditionTrue } from '../machinery/meta/conditions.ts'
import type { SimCluster } from './cluster.ts'
import type { SimNode } from './node.ts'
import { type Wanted, workNamespaces } from './workload.ts'

const shownMax = 8

const nowhere: ReadonlySet<string> = new Set()

/**
 * What is not yet as the workload wants it; empty when everything is. Evicted pods of `dead` nodes do not count:
 * nobody can say that they have ended.
 */
export async function unconverged(
  cluster: SimCluster,
  wanted: readonly Wanted[],
  dead = nowhere,
): Promise<string[]> {
  const live = new Set(cluster.nodes.filter(node => node.isUp()).map(({ name }) => name))
  const problems: string[] = []
  const counted = (await workPods(cluster.admin)).filter(
    ({ metadata, spec }) => !metadata.deletionTimestamp || !dead.has(spec?.nodeName ?? ''),
  )
  const byApp = Map.groupBy(counted, appOf)
  for (const app of wanted) {
    const own = byApp.get(`${app.namespace}/${app.name}`) ?? []
    const good = own.filter(pod => isReadyOn(pod, live) && pod.spec!.containers[0]!.image === app.image)
    if (good.length === app.replicas && own.length === app.replicas) continue
    problems.push(
      `${app.namespace}/${app.name}: ${good.length} of ${app.replicas} good, ${own.length} there${oddOne(own, live)}`,
    )
  }
  const known = new Set(wanted.map(({ namespace, name }) => `${namespace}/${name}`))
  for (const [app, own] of byApp) if (!known.has(app)) problems.push(`${app}: ${own.length} pods of nobody`)
  return problems.slice(0, shownMax)
}

/** Deployment status, ReplicaSets and endpoints agree with the pods that are there. */
export async function unsettled({ admin }: SimCluster, wanted: readonly Wanted[]): Promise<string[]> {
  const problems: string[] = []
  const found = new Map((await admin.list(deployments)).items.map(item => [item.metadata.name!, item]))
  for (const app of wanted) {
    const { status, metadata } = found.get(app.name) ?? { metadata: {} }
    if (
      status?.observedGeneration !== metadata.generation ||
      status?.readyReplicas !== app.replicas ||
      status?.updatedReplicas !== app.replicas
    )
      problems.push(`${app.name}: status ${JSON.stringify({ ...status, conditions: undefined })}`)
  }
  for (const { metadata, spec, status } of (await admin.list(replicaSets)).items) {
    const [owner] = metadata.ownerReferences ?? []
    if (!owner || found.get(owner.name)?.metadata.uid !== owner.uid)
      problems.push(`ReplicaSet ${metadata.name} has no owner`)
    if (status?.replicas !== spec?.replicas)
      problems.push(`ReplicaSet ${metadata.name} counts ${status?.replicas} of ${spec?.replicas}`)
  }
  problems.push(...(await wrongEndpoints(admin)))
  return problems.slice(0, shownMax)
}

async function wrongEndpoints(admin: Client): Promise<string[]> {
  const ready = new Map<string, number>()
  for (const slice of (await admin.list(endpointSlices)).items) {
    const service = `${slice.metadata.namespace}/${serviceNameOf(slice)}`
    const count = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready).length
    ready.set(service, (ready.get(service) ?? 0) + count)
  }
  const byApp = Map.groupBy(await workPods(admin), appOf)
  return [...ready]
    .filter(([service, count]) => byApp.has(service) && count !== byApp.get(service)!.length)
    .map(([service, count]) => `${service}: ${count} endpoints for ${byApp.get(service)!.length} pods`)
}

/** What is left of the workload in API and runtimes after it was deleted. */
export async function remains(cluster: SimCluster): Promise<string[]> {
  const { admin, nodes } = cluster
  const left: string[] = []
  for (const resource of [deployments, replicaSets, pods]) {
    const { items } = await admin.list<Pod>(resource as typeof pods)
    const ours = items.filter(({ metadata }) => isWork(metadata.namespace))
    left.push(...ours.map(({ metadata }) => `${resource.kind} ${metadata.namespace}/${metadata.name}`))
  }
  for (const node of nodes.filter(node => node.isUp())) left.push(...(await runningOn(node)))
  return left.slice(0, shownMax)
}

/** Each live node runs exactly the pods that are bound to it, and no pod runs twice. */
export async function wronglyRun({ admin, nodes }: SimCluster): Promise<string[]> {
  const bound = Map.groupBy(await workPods(admin), ({ spec }) => spec?.nodeName ?? '')
  const problems: string[] = []
  for (const node of nodes.filter(node => node.isUp())) {
    const { containers } = await node.runtime().containers.list()
    const running = new Set(containers.filter(({ state }) => state === 'running').map(({ pod }) => pod.uid))
    for (const { metadata } of bound.get(node.name) ?? []) {
      if (!running.delete(metadata.uid!)) problems.push(`${node.name} does not run ${metadata.name}`)
    }
    for (const uid of running) problems.push(`${node.name} runs ${uid}, which is not bound to it`)
  }
  return problems.slice(0, shownMax)
}

async function runningOn(node: SimNode): Promise<string[]> {
  const { containers, sandboxes } = await node.runtime().containers.list()
  return [...containers, ...sandboxes].map(({ pod }) => `${node.name} still has ${pod.name}`)
}

async function workPods(admin: Client): Promise<Pod[]> {
  const { items } = await admin.list(pods)
  return items.filter(({ metadata }) => isWork(metadata.namespace))
}

function isWork(namespace: string | undefined): boolean {
  return (workNamespaces as readonly (string | undefined)[]).includes(namespace)
}

function appOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.labels?.app}`
}

function isReadyOn({ metadata, spec, status }: Pod, live: ReadonlySet<string>): boolean {
  const ready = isConditionTrue(status?.conditions, 'Ready')
  return ready && status?.phase === 'Running' && !metadata.deletionTimestamp && live.has(spec?.nodeName ?? '')
}

function oddOne(own: readonly Pod[], live: ReadonlySet<string>): string {
  const odd = own.find(pod => !isReadyOn(pod, live))
  if (!odd) return ''
  const { metadata, spec, status } = odd
  const away = metadata.deletionTimestamp ? ', being deleted' : ''
  const { reason = '', message = '' } = status?.conditions?.find(({ status }) => status === 'False') ?? {}
  return `; ${metadata.name} on ${spec?.nodeName ?? 'no node'} is ${status?.phase}${away} ${reason} ${message}`
}
