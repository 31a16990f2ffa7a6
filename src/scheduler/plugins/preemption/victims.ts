import type { Pod } from '../../../api/types/core-v1.gen.ts'
import type { PodDisruptionBudget } from '../../../api/types/policy-v1.gen.ts'
import { isEverything, labelSelectorFrom, matchesLabels } from '../../../machinery/selector/index.ts'
import { judgeNode, movePod } from '../../framework/filters.ts'
import { type Cycle, type Rejection, reject } from '../../framework/plugin.ts'
import type { NodeInfo } from '../../snapshot/node-info.ts'

/** A node that would do without these pods, the most important first. */
export interface Candidate {
  readonly node: NodeInfo
  readonly victims: readonly Pod[]
  /** How many of them a PodDisruptionBudget protects. */
  readonly violations: number
}

/** Milliseconds since the epoch; a pod that has not started counts as starting now. */
export type StartTime = (pod: Pod) => number

export function priorityOf(pod: Pod): number {
  return pod.spec?.priority ?? 0
}

/** By falling priority, and among equals the one that has run longer first. */
export function byImportance(startMs: StartTime): (a: Pod, b: Pod) => number {
  return (a, b) => priorityOf(b) - priorityOf(a) || startMs(a) - startMs(b)
}

/**
 * The fewest pods of lower priority that must leave the node so that the pod fits: all leave, then as many as
 * possible come back, protected and important ones first. The snapshot is afterwards as it was before.
 */
export function selectVictims(
  cycle: Cycle,
  node: NodeInfo,
  budgets: readonly PodDisruptionBudget[],
  startMs: StartTime,
): Candidate | Rejection {
  const own = priorityOf(cycle.pod)
  const before = [...node.pods.values()]
  const lesser = before.filter(pod => priorityOf(pod) < own)
  if (lesser.length === 0)
    return reject('DefaultPreemption', 'No preemption victims found for incoming pod', true)
  for (const pod of lesser) movePod(cycle, node, pod, -1)
  try {
    return judgeNode(cycle, node) ?? reprieve(cycle, node, lesser.sort(byImportance(startMs)), budgets)
  } finally {
    restore(cycle, node, before)
  }
}

function reprieve(
  cycle: Cycle,
  node: NodeInfo,
  lesser: readonly Pod[],
  budgets: readonly PodDisruptionBudget[],
): Candidate {
  const guarded = guardedPods(lesser, budgets)
  const victims = new Set<Pod>()
  const letBack = (pod: Pod) => {
    movePod(cycle, node, pod, 1)
    if (!judgeNode(cycle, node)) return
    movePod(cycle, node, pod, -1)
    victims.add(pod)
  }
  for (const pod of lesser) if (guarded.has(pod)) letBack(pod)
  const violations = victims.size
  for (const pod of lesser) if (!guarded.has(pod)) letBack(pod)
  return { node, victims: lesser.filter(pod => victims.has(pod)), violations }
}

/** Puts back who is missing. */
function restore(cycle: Cycle, node: NodeInfo, before: readonly Pod[]): void {
  const there = new Set(node.pods.values())
  for (const pod of before) if (!there.has(pod)) movePod(cycle, node, pod, 1)
}

/** The pods whose leaving would break a budget, when they leave in this order (filterPodsWithPDBViolation). */
function guardedPods(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): ReadonlySet<Pod> {
  const guards = budgets.map(budget => ({
    budget,
    selector: labelSelectorFrom(budget.spec?.selector),
    left: budget.status?.disruptionsAllowed ?? 0,
  }))
  const guarded = new Set<Pod>()
  for (const pod of pods) {
    if (Object.keys(pod.metadata.labels ?? {}).length === 0) continue
    for (const guard of guards) {
      if (guard.budget.metadata.namespace !== pod.metadata.namespace || isEverything(guard.selector)) continue
      if (!matchesLabels(guard.selector, pod.metadata.labels)) continue
      if (guard.budget.status?.disruptedPods?.[pod.metadata.name!]) continue
      if (--guard.left < 0) guarded.add(pod)
    }
  }
  return guarded
}
