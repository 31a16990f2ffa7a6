import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import type { Cycle, Rejection, SchedulerPlugin } from './plugin.ts'

/**
 * Does the node do, now? Pods of the same or a higher priority that are nominated to it are counted in; then the
 * node must do without them as well, for they may go elsewhere (runtime RunFilterPluginsWithNominatedPods).
 */
export function judgeNode(cycle: Cycle, node: NodeInfo): Rejection | undefined {
  const guests = rivals(cycle, node)
  if (guests.length > 0) {
    const rejection = asIf(cycle, node, guests, () => runFilters(cycle.filters, cycle, node))
    if (rejection) return rejection
  }
  return runFilters(cycle.filters, cycle, node)
}

/** The first filter's rejection. */
export function runFilters(
  filters: readonly SchedulerPlugin[],
  cycle: Cycle,
  node: NodeInfo,
): Rejection | undefined {
  for (const plugin of filters) {
    const rejection = plugin.filter!(cycle, node)
    if (rejection) return rejection
  }
  return undefined
}

/** Pods nominated to the node that this pod must leave room for. */
export function rivals({ nominated, pod }: Cycle, node: NodeInfo): readonly Pod[] {
  if (nominated.size === 0) return []
  const own = pod.spec?.priority ?? 0
  return nominated
    .on(node.name)
    .filter(other => (other.spec?.priority ?? 0) >= own && other.metadata.uid !== pod.metadata.uid)
}

/** Puts `pod` on the node (or takes it off), in the snapshot and in what the plugins learned of it in this cycle. */
export function movePod(cycle: Cycle, node: NodeInfo, pod: Pod, change: 1 | -1): void {
  if (change === 1) cycle.snapshot.attach(node, pod)
  else cycle.snapshot.detach(node, pod)
  for (const plugin of cycle.filters) plugin.podMoved?.(cycle, pod, node, change)
}

function asIf<T>(cycle: Cycle, node: NodeInfo, guests: readonly Pod[], look: () => T): T {
  for (const guest of guests) movePod(cycle, node, guest, 1)
  try {
    return look()
  } finally {
    for (const guest of guests) movePod(cycle, node, guest, -1)
  }
}
