import { podDisruptionBudgets } from '../../api/policy/pod-disruption-budget.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { only, range } from '../config/fields.ts'
import { histogram } from '../framework/find-node.ts'
import type { Handle, PluginArgs } from '../framework/handle.ts'
import type { Cycle, PostFilterResult, Rejection, Rejections, SchedulerPlugin } from '../framework/plugin.ts'
import { meterPreemption } from '../metrics.ts'
import { type CandidateLimits, cheapest, findCandidates } from './preemption/candidates.ts'
import { createEvictions } from './preemption/evict.ts'
import { priorityOf, type StartTime } from './preemption/victims.ts'

const name = 'DefaultPreemption'

/** Makes room for a pod that fits nowhere by deleting pods of lower priority (pkg/scheduler/framework/preemption). */
export function defaultPreemption(handle: Handle, args: PluginArgs): SchedulerPlugin {
  const evictions = createEvictions(handle)
  const meter = meterPreemption(handle.ports.metrics)
  const limits: CandidateLimits = { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100, ...args }
  return {
    name,
    reads: [podDisruptionBudgets],
    preEnqueue: pod =>
      evictions.underWay(pod) ? 'waiting for the preemption for this pod to be finished' : undefined,
    postFilter(cycle, rejections) {
      meter.tried()
      const refusal = ineligible(cycle, rejections)
      if (refusal) return { ends: false, message: `preemption: ${refusal}` }
      const { found, failed } = search(handle, limits, cycle, rejections)
      if (found.length === 0) return notHelpful(cycle, failed)
      const best = cheapest(found, startTime(handle))
      meter.evicted(best.victims.length)
      evictions.begin(cycle.pod, best)
      return { ends: true, nominate: best.node.name }
    },
  }
}

defaultPreemption.check = (args: PluginArgs, path: string) => {
  only(args, ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute'], path)
  range(args, 'minCandidateNodesPercentage', { least: 0, most: 100, fallback: 10 }, path)
  range(args, 'minCandidateNodesAbsolute', { least: 0, fallback: 100 }, path)
}

function search(handle: Handle, limits: CandidateLimits, cycle: Cycle, rejections: Rejections) {
  const { random } = handle.ports
  const budgets = handle.lists.of(podDisruptionBudgets).list()
  return findCandidates({ cycle, rejections, budgets, limits, random, startMs: startTime(handle) })
}

function startTime({ ports }: Handle): StartTime {
  const nowMs = ports.clock.nowMs()
  return ({ status }) => (status?.startTime ? Date.parse(status.startTime) : nowMs)
}

function notHelpful({ snapshot }: Cycle, failed: ReadonlyMap<string, Rejection>): PostFilterResult {
  const others: Rejection = {
    plugin: name,
    reasons: ['Preemption is not helpful for scheduling'],
    unresolvable: true,
  }
  const reasons = histogram({ byNode: failed, others }, snapshot.nodeCount)
  const message = `preemption: 0/${snapshot.nodeCount} nodes are available: ${reasons}`
  return { ends: false, nominate: '', message }
}

/** Why the pod may not preempt: by its own policy, or because its victims are still leaving. */
function ineligible({ pod, snapshot }: Cycle, { byNode, others }: Rejections): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = pod.status?.nominatedNodeName
  if (!nominated || (byNode.get(nominated) ?? others).unresolvable) return undefined
  const leaving = [...(snapshot.node(nominated)?.pods.values() ?? [])].some(
    other => priorityOf(other) < priorityOf(pod) && leavesForPreemption(other),
  )
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

function leavesForPreemption({ metadata, status }: Pod): boolean {
  if (!metadata.deletionTimestamp) return false
  const condition = findCondition(status?.conditions, 'DisruptionTarget')
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler'
}
