import { tolerates, untoleratedTaint } from '../../api/shared/toleration.ts'
import type { Pod, Taint } from '../../api/types/core-v1.gen.ts'
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
  filterColumns: (cycle, mask) =>
    filterRestricted(
      cycle,
      mask,
      ({ taints }) => !untoleratedTaint(taints, cycle.pod.spec?.tolerations, forbiddingEffects),
    ),
  filter,
  // With no such taint anywhere all nodes would score alike.
  preScore({ snapshot }) {
    for (const { taints } of snapshot.restrictions.sorts()) if (taints.some(isSoft)) return undefined
    return 'skip'
  },
  scoreColumns({ pod, snapshot }, rows, scores) {
    for (const row of rows) scores[row] = 0
    for (const { taints, rows: restricted } of snapshot.restrictions.sorts()) {
      const score = untoleratedSoft(pod, taints)
      if (score > 0) for (const row of restricted) scores[row] = score
    }
  },
  normalize: (_, rows, scores) => normalizeReversed(rows, scores),
}

function isSoft({ effect }: Taint): boolean {
  return effect === 'PreferNoSchedule'
}

/** How many taints would rather not have the pod. */
function untoleratedSoft({ spec }: Pod, taints: readonly Taint[]): number {
  const tolerations = spec?.tolerations?.filter(({ effect }) => !effect || effect === 'PreferNoSchedule')
  return taints.filter(taint => isSoft(taint) && !tolerates(tolerations, taint)).length
}

function filter({ pod }: Cycle, { node }: NodeInfo): Rejection | undefined {
  const taint = untoleratedTaint(node?.spec?.taints, pod.spec?.tolerations, forbiddingEffects)
  return taint && reject(name, 'node(s) had untolerated taint(s)', true)
}
