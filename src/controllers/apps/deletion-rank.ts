import type { Pod } from '../../api/types/core-v1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { isActive, isReady, readySinceMs, restartsMax } from '../shared/pod.ts'

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/**
 * Pods in the order in which a scale-down takes them (controller_utils.go ActivePodsWithRanks). `related` are
 * the pods of all replica sets of the same owner: where several of them share a node, one goes first.
 */
export function rankForDeletion(
  pods: readonly Pod[],
  related: readonly Pod[],
  nowMs: number,
): readonly Pod[] {
  const onNode = new Map<string, number>()
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? ''
    if (isActive(pod)) onNode.set(node, (onNode.get(node) ?? 0) + 1)
  }
  const crowd = (pod: Pod) => onNode.get(pod.spec?.nodeName ?? '') ?? 0
  return pods.toSorted((a, b) => {
    for (const rule of rules) {
      const order = rule(a, b, nowMs)
      if (order !== 0) return order
      if (rule === byDeletionCost && crowd(a) !== crowd(b)) return crowd(b) - crowd(a)
    }
    return 0
  })
}

type Rule = (a: Pod, b: Pod, nowMs: number) => number

const byDeletionCost: Rule = (a, b) => deletionCost(a) - deletionCost(b)

const rules: readonly Rule[] = [
  (a, b) => Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)),
  (a, b) => phaseRank(a) - phaseRank(b),
  (a, b) => Number(isReady(a)) - Number(isReady(b)),
  byDeletionCost,
  (a, b, nowMs) =>
    isReady(a) && isReady(b) ? youngerFirst(a, b, [readySinceMs(a), readySinceMs(b), nowMs]) : 0,
  (a, b) => restartsMax(b).own - restartsMax(a).own || restartsMax(b).beside - restartsMax(a).beside,
  (a, b, nowMs) => youngerFirst(a, b, [createdMs(a), createdMs(b), nowMs]),
]

/** Ages of the same power of two count as equal, so that not always the very youngest goes. */
function youngerFirst(
  a: Pod,
  b: Pod,
  times: readonly [number | undefined, number | undefined, number],
): number {
  const [aMs, bMs, nowMs] = times
  if (aMs === bMs) return 0
  if (aMs === undefined) return -1
  if (bMs === undefined) return 1
  const order = logAge(nowMs - aMs) - logAge(nowMs - bMs)
  if (order !== 0) return order
  return (a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1
}

function logAge(ageMs: number): number {
  return ageMs > 0 ? Math.trunc(Math.log2(ageMs * 1e6)) : -1
}

function phaseRank(pod: Pod): number {
  return phaseOrder[pod.status?.phase ?? ''] ?? 0
}

/** core/v1 annotation controller.kubernetes.io/pod-deletion-cost: an int32 without leading zeros or plus. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost']
  if (!text || !/^(0|-?[1-9]\d*)$/.test(text)) return 0
  const cost = Number(text)
  return Math.abs(cost) <= 2 ** 31 - 1 ? cost : 0
}

function createdMs(pod: Pod): number | undefined {
  return fromTimestamp(pod.metadata.creationTimestamp)
}
