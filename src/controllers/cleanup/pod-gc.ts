import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import { objectKey } from '../../client/resource.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { nodes, pods } from '../kinds.ts'
import { isFinished } from '../shared/pod.ts'

/** How long a node may be missing before its pods are given up (gc_controller.go quarantineTime). */
const quarantineMs = 40_000
/** kube-controller-manager --terminated-pod-gc-threshold. */
const finishedMax = 12_500
const finishedKey = '*finished'

const nodeNameOf = (pod: Pod) => pod.spec?.nodeName
const finishedOf = (pod: Pod) => (isFinished(pod) ? 'yes' : undefined)

/**
 * Deletes pods that nobody else will: on nodes that are no more, on their way out without ever having had a node,
 * and the oldest finished ones when there are too many (upstream pkg/controller/podgc).
 */
export const podGarbageCollector: Worker = {
  name: 'podgc',
  identity: 'pod-garbage-collector',
  start(context) {
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
        await deleteFinished(context, finished.get('yes'))
        return {}
      }
      const pod = podStore.byKey(key)
      if (!pod) return {}
      const nodeName = pod.spec?.nodeName
      if (!nodeName) {
        if (pod.metadata.deletionTimestamp) await giveUp(context, pod, undefined)
        return {}
      }
      if (nodeStore.get(undefined, nodeName)) return {}
      const nowMs = context.ports.clock.monotonicMs()
      const sinceMs = missingSince.get(nodeName) ?? nowMs
      missingSince.set(nodeName, sinceMs)
      if (nowMs - sinceMs < quarantineMs) return { afterMs: quarantineMs - (nowMs - sinceMs) }
      if (!(await orUndefined(context.client.get(nodes, undefined, nodeName))))
        await giveUp(context, pod, 'PodGC: node no longer exists')
      return {}
    }
  },
}

/** Marks a pod that still counts as running as failed, and takes it away without waiting for anybody. */
async function giveUp(
  { client, ports }: WorkerContext,
  pod: Pod,
  message: string | undefined,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata
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
  await orUndefined(client.delete(pods, namespace, name!, { gracePeriodSeconds: 0, preconditions: { uid } }))
}

async function deleteFinished({ client }: WorkerContext, finished: readonly Pod[]): Promise<void> {
  const excess = finished.length - finishedMax
  if (excess <= 0) return
  const oldest = finished.toSorted((a, b) => (createdAt(a) < createdAt(b) ? -1 : 1)).slice(0, excess)
  for (const { metadata } of oldest)
    await orUndefined(
      client.delete(pods, metadata.namespace, metadata.name!, {
        gracePeriodSeconds: 0,
        preconditions: { uid: metadata.uid },
      }),
    )
}

function createdAt({ metadata }: Pod): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`
}
