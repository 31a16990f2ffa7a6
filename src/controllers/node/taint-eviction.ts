import { toleratesTaint } from '../../api/shared/toleration.ts'
import type { Node, Pod, Taint } from '../../api/types/core-v1.gen.ts'
import { objectKey } from '../../client/resource.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { type Action, event, measure, type Plan, remove, requeueAfter } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import type { HistogramSpec, MetricSpec } from '../../std/metrics.ts'
import { nodes, pods } from '../kinds.ts'
import { markDisrupted } from '../shared/disruption-target.ts'
import { jsonEqual } from '../shared/equal.ts'

const nodeNameOf = (pod: Pod) => pod.spec?.nodeName

/** Deletes pods from nodes with NoExecute taints that they do not tolerate (any longer) (upstream pkg/controller/tainteviction). */
export function taintEvictionController(): Worker {
  // Taints that people set carry no time: it counts from when we saw them first.
  const firstSeen = new Map<string, number>()
  return defineController<Pod>({
    name: 'tainteviction',
    identity: 'node-controller',
    eventSource: 'taint-eviction-controller',
    primary: pods,
    // On most nodes there is nothing to leave for; one that gets a taint wakes its pods.
    wakes: (pod, _, store) => isLeft(store(nodes).get(undefined, pod.spec?.nodeName ?? '')),
    watches: [watched(nodes, podsOn, (a, b) => jsonEqual(noExecuteTaints(a), noExecuteTaints(b)))],
    plan(pod, view, nowMs) {
      const node = view.store(nodes).get(undefined, pod.spec?.nodeName ?? '')
      const sinceMs = (taint: Taint) => seenSince(firstSeen, node!, taint, nowMs)
      return node ? planEviction(pod, noExecuteTaints(node), sinceMs, nowMs) : []
    },
  })
}

export function planEviction(
  pod: Pod,
  taints: readonly Taint[],
  sinceMs: (taint: Taint) => number,
  nowMs: number,
): Plan {
  if (taints.length === 0 || pod.metadata.deletionTimestamp) return []
  const deadlineMs = evictionMs(pod, taints, sinceMs)
  if (deadlineMs === Number.POSITIVE_INFINITY) return []
  if (deadlineMs > nowMs) return [requeueAfter(deadlineMs - nowMs)]
  const { namespace, name } = pod.metadata
  const message = `Marking for deletion Pod ${namespace}/${name}`
  return [
    event(
      pods,
      { metadata: { namespace, name } },
      { type: 'Normal', reason: 'TaintManagerEviction', message },
    ),
    ...markDisrupted(pod, nowMs, {
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    }),
    remove(pods, pod),
    countDeletion(nowMs - (deadlineMs || Math.min(...taints.map(sinceMs)))),
  ]
}

/** When the pod must go: at once without a toleration, else when the shortest tolerated time is over. */
function evictionMs(pod: Pod, taints: readonly Taint[], sinceMs: (taint: Taint) => number): number {
  const tolerations = pod.spec?.tolerations ?? []
  const used = taints.map(taint => ({
    taint,
    toleration: tolerations.find(toleration => toleratesTaint(toleration, taint)),
  }))
  if (used.some(({ toleration }) => !toleration)) return 0
  const seconds = used.flatMap(({ toleration }) => toleration?.tolerationSeconds ?? [])
  if (seconds.length === 0) return Number.POSITIVE_INFINITY
  return Math.min(...taints.map(sinceMs)) + Math.max(0, Math.min(...seconds.map(Number))) * 1000
}

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240]
/** Upstream's names and buckets (pkg/controller/tainteviction/metrics). */
const deletions: MetricSpec = {
  name: 'taint_eviction_controller_pod_deletions_total',
  help: 'Pods that were deleted for a taint of their node.',
  stability: 'ALPHA',
}
const deletionSeconds: HistogramSpec = {
  name: 'taint_eviction_controller_pod_deletion_duration_seconds',
  help: 'Seconds between when a taint took effect for a pod and its deletion.',
  stability: 'ALPHA',
  buckets,
}

function countDeletion(lateMs: number): Action {
  return measure(metrics => {
    metrics.counter(deletions).with().inc()
    metrics
      .histogram(deletionSeconds)
      .with()
      .observe(Math.max(0, lateMs) / 1000)
  })
}

/** A node that pods may have to leave. */
function isLeft(node: Node | undefined): boolean {
  return node?.spec?.taints?.some(({ effect }) => effect === 'NoExecute') ?? false
}

function noExecuteTaints({ spec }: Node): readonly Taint[] {
  return (spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}

function podsOn(node: Node, store: View['store']): string[] {
  return store(pods).index(nodeNameOf).get(node.metadata.name!).map(objectKey)
}

const seenMax = 10_000

function seenSince(firstSeen: Map<string, number>, node: Node, taint: Taint, nowMs: number): number {
  const addedMs = fromTimestamp(taint.timeAdded)
  if (addedMs !== undefined) return addedMs
  const id = JSON.stringify([node.metadata.uid, taint.key, taint.value])
  const seenMs = firstSeen.get(id) ?? nowMs
  firstSeen.set(id, seenMs)
  if (firstSeen.size > seenMax) firstSeen.delete(firstSeen.keys().next().value!)
  return seenMs
}
