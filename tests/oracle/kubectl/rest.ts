import type { KubeObject } from '../../../src/machinery/meta/object.ts'
import { resourceNamed, type Side } from '../scenarios/side.ts'

/** Longer than a controller, the scheduler or a simulated kubelet takes to begin what the last change asks of it. */
const quietMs = 400
/** What never comes to rest is left moving. */
const patienceMs = 15_000
const pauseMs = 100

/** Each template or size that their controllers see leaves a trace: a revision, a replica set, an event. */
const workloads = [
  ...['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps'],
  'replicationcontrollers',
].map(resourceNamed)
const pods = resourceNamed('pods')

/**
 * Waits until both sides are done with what was typed at `sinceMs` (of `performance.now()`): controllers have observed it,
 * and nothing in the namespace has changed for a while since.
 */
export async function comeToRest(sides: readonly Side[], namespace: string, sinceMs: number): Promise<void> {
  const isQuiet = (side: Side) => {
    const changedMs = side.lastChangeMs(namespace)
    return changedMs < sinceMs || performance.now() - changedMs >= quietMs
  }
  while (performance.now() - sinceMs < patienceMs) {
    const observed = await Promise.all(sides.map(side => isObserved(side, namespace)))
    if (observed.every(Boolean) && sides.every(isQuiet)) return
    await Bun.sleep(pauseMs)
  }
}

/** Whether controllers have seen every workload as it is stored, and this program as well: watches lag behind. */
async function isObserved({ client, informers }: Side, namespace: string): Promise<boolean> {
  const kinds = [...workloads, pods].map(async resource => {
    const { items } = await client.list(resource, { namespace })
    const { store } = informers.of(resource)
    const isSeen = ({ metadata }: KubeObject) =>
      store.get(namespace, metadata.name!)?.metadata.resourceVersion === metadata.resourceVersion
    return items.every(object => isSeen(object) && (resource === pods || isUpToDate(object)))
  })
  return (await Promise.all(kinds)).every(Boolean)
}

function isUpToDate(object: KubeObject): boolean {
  const { metadata, status } = object as KubeObject & { status?: { observedGeneration?: number } }
  return metadata.deletionTimestamp !== undefined || status?.observedGeneration === metadata.generation
}
