import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import { objectKey } from '../../client/resource.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { Sync, Worker, WorkerContext } from '../../controller/worker.ts'
import type { MetricSpec } from '../../std/metrics.ts'
import { nodes, pods } from '../kinds.ts'
import { type ControllerTuning, defaultTuning } from '../tuning.ts'

/** How long a node may be missing before its pods are given up (gc_controller.go quarantineTime). */
const quarantineMs = 40_000
const finishedKey = '*finished'

const labels = ['namespace', 'reason']
/** Upstream's names and reasons (pkg/controller/podgc/metrics). */
const deletedTotal: MetricSpec = {
  name: 'pod_gc_collector_force_delete_pods_total',
  help: 'Pods that nobody else would have deleted.',
  labels,
  stability: 'ALPHA',
}
const errorTotal: MetricSpec = {
  name: 'pod_gc_collector_force_delete_pod_errors_total',
  help: 'Pods that could not be deleted.',
  labels,
  stability: 'ALPHA',
}
/** What is said in the status of a pod that is given up, by why. */
const messages = { unscheduled: undefined, orphaned: 'PodGC: node no longer exists' } as const

const nodeNameOf = (pod: Pod) => pod.spec?.nodeName
const finishedOf = (pod: Pod) => (isFinished(pod) ? 'yes' : undefined)

/**
 * Deletes pods that nobody else will: on nodes that are no more, on their way out without ever having had a node,
 * and the oldest finished ones when there are too many (upstream pkg/controller/podgc).
 */
export function podGarbageCollector({
  finishedPodsMax,
}: Pick<ControllerTuning, 'finishedPodsMax'> = defaultTuning): Worker {
  return {
    name: 'podgc',
    identity: 'pod-garbage-collector',
    start: context => tend(context, finishedPodsMax),
  }
}

function tend(context: WorkerContext, finishedPodsMax: number): Sync {
  const podStore = context.use(pods).store
  const nodeStore = context.use(nodes).store
  const onNode = podStore.index(nodeNameOf)
  const finished = podStore.index(finishedOf)
  const missingSince = new Map<string, number>()
  context.watch(nodes, (node: Node | undefined, old) => {
    const name = (node ?? old)!.metadata.name!
    if (node) missingSince.delete(name)
    return node ? [] : onNode.get(name).map(objectKey)
  })
  context.watch(pods, pod => {
    if (!pod) return []
    const lost = pod.spec?.nodeName
      ? !nodeStore.get(undefined, pod.spec.nodeName)
      : pod.metadata.deletionTimestamp !== undefined
    return [lost ? objectKey(pod) : undefined, isFinished(pod) ? finishedKey : undefined]
  })
  return async key => {
    if (key === finishedKey) {
      await deleteFinished(context, finished.get('yes'), finishedPodsMax)
      return {}
    }
    const pod = podStore.byKey(key)
    if (!pod) return {}
    const nodeName = pod.spec?.nodeName
    if (!nodeName) {
      if (pod.metadata.deletionTimestamp) await giveUp(context, pod, 'unscheduled')
      return {}
    }
    if (nodeStore.get(undefined, nodeName)) return {}
    const nowMs = context.ports.clock.monotonicMs()
    const sinceMs = missingSince.get(nodeName) ?? nowMs
    missingSince.set(nodeName, sinceMs)
    if (nowMs - sinceMs < quarantineMs) return { afterMs: quarantineMs - (nowMs - sinceMs) }
    if (!(await orUndefined(context.client.get(nodes, undefined, nodeName))))
      await giveUp(context, pod, 'orphaned')
    return {}
  }
}

/** Marks a pod that still counts as running as failed, and takes it away without waiting for anybody. */
async function giveUp(context: WorkerContext, pod: Pod, reason: keyof typeof messages): Promise<void> {
  const { client, ports } = context
  const { namespace, name, uid } = pod.metadata
  const message = messages[reason]
  if (!isFinished(pod)) {
    const lastTransitionTime = toTimestamp(ports.clock.nowMs())
    const disrupted = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message,
      lastTransitionTime,
    }
    const status = message ? { phase: 'Failed', conditions: [disrupted] } : { phase: 'Failed' }
    const body = { metadata: { uid }, status }
    await orUndefined(
      client.patch(pods, namespace, name!, { type: strategicPatch, subresource: 'status', body }),
    )
  }
  await forceDelete(context, pod, reason)
}

/** Deletes without waiting for anybody, counted. */
async function forceDelete(
  { client, ports }: WorkerContext,
  { metadata: { namespace = '', name, uid } }: Pod,
  reason: string,
): Promise<void> {
  const options = { gracePeriodSeconds: 0, preconditions: { uid } }
  try {
    const deleted = await orUndefined(client.delete(pods, namespace, name!, options))
    if (deleted) ports.metrics.counter(deletedTotal).with(namespace, reason).inc()
  } catch (error) {
    ports.metrics.counter(errorTotal).with(namespace, reason).inc()
    throw error
  }
}

async function deleteFinished(
  context: WorkerContext,
  finished: readonly Pod[],
  finishedPodsMax: number,
): Promise<void> {
  if (finishedPodsMax <= 0) return
  const excess = finished.length - finishedPodsMax
  if (excess <= 0) return
  const oldest = finished.toSorted((a, b) => (createdAt(a) < createdAt(b) ? -1 : 1)).slice(0, excess)
  for (const pod of oldest) await forceDelete(context, pod, 'terminated')
}

function createdAt({ metadata }: Pod): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`
}
