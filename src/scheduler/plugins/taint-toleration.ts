import { tolerates, untoleratedTaint } from '../../api/shared/toleration.ts'
import { type Cycle, type Rejection, reject, type SchedulerPlugin } from '../framework/plugin.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import { normalizeReversed } from './normalize.ts'
import { filterRestricted } from './restricted.ts'

const name = 'TaintToleration'
/** Effects of taints that keep a pod away. */
export const forbiddingEffects = ['NoSchedule', 'NoExecute']

/** Keeps pods off nodes with taints that they do not tolerate; prefers nodes with few PreferNoSchedule ones. */
export const taintToleration: SchedulerPlugin = {
  name,
  weight: 3,
  events: [
    {
      kind: 'nodeAdded',
      helps: (pod, { node }) =>
        !untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, forbiddingEffects),
    },
    {
      kind: 'nodeUpdated',
      helps: (pod, { node, changes }) =>
        changes.has('taints') &&
        !untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, forbiddingEffects),
    },
    { kind: 'podUpdated', helps: (_, { changes }) => changes.has('tolerations') },
  ],
  filterColumns: (cycle, mask) => filterRestricted(cycle, mask, filter),
  filter,
  // With no such taint anywhere all nodes would score alike.
  preScore({ snapshot }) {
    for (const row of snapshot.restrictedRows) {
      const taints = snapshot.nodeAt(row)!.node?.spec?.taints
      if (taints?.some(taint => taint.effect === 'PreferNoSchedule')) return undefined
    }
    return 'skip'
  },
  score({ pod }, { node }) {
    const tolerations = pod.spec?.tolerations?.filter(
      ({ effect }) => !effect || effect === 'PreferNoSchedule',
    )
    return (
      node?.spec?.taints?.filter(
        taint => taint.effect === 'PreferNoSchedule' && !tolerates(tolerations, taint),
      ).length ?? 0
    )
  },
  normalize: (_, rows, scores) => normalizeReversed(rows, scores),
}

function filter({ pod }: Cycle, { node }: NodeInfo): Rejection | undefined {
  const taint = untoleratedTaint(node?.spec?.taints, pod.spec?.tolerations, forbiddingEffects)
  return taint && reject(name, 'node(s) had untolerated taint(s)', true)
}
