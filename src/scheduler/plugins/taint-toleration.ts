import { reject, type SchedulerPlugin } from '../framework/plugin.ts'
import { normalizeReversed } from './normalize.ts'
import { tolerates, untoleratedTaint } from './toleration.ts'

const name = 'TaintToleration'
const forbidding = ['NoSchedule', 'NoExecute']

/** Keeps pods off nodes with taints that they do not tolerate; prefers nodes with few PreferNoSchedule ones. */
export const taintToleration: SchedulerPlugin = {
  name,
  weight: 3,
  events: [
    {
      kind: 'nodeAdded',
      helps: (pod, event) =>
        event.kind === 'nodeAdded' &&
        !untoleratedTaint(event.node.spec?.taints, pod.spec?.tolerations, forbidding),
    },
    {
      kind: 'nodeUpdated',
      helps: (pod, event) =>
        event.kind === 'nodeUpdated' &&
        event.changes.has('taints') &&
        !untoleratedTaint(event.node.spec?.taints, pod.spec?.tolerations, forbidding),
    },
    { kind: 'podUpdated', helps: () => true },
  ],
  filter: ({ pod }, { node }) =>
    node?.spec?.taints && untoleratedTaint(node.spec.taints, pod.spec?.tolerations, forbidding)
      ? reject(name, 'node(s) had untolerated taint(s)', true)
      : undefined,
  // With no such taint anywhere all nodes would score alike.
  preScore: ({ snapshot }, rows) =>
    rows.some(row =>
      snapshot.nodeAt(row)!.node?.spec?.taints?.some(taint => taint.effect === 'PreferNoSchedule'),
    )
      ? undefined
      : 'skip',
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
