import { tolerates } from '../../api/shared/toleration.ts'
import type { Node, Pod, Taint } from '../../api/types/core-v1.gen.ts'
import { type Cycle, type Rejection, reject, type SchedulerPlugin } from '../framework/plugin.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import { filterRestricted } from './restricted.ts'

const name = 'NodeUnschedulable'
const taint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** Keeps pods off cordoned nodes, unless they tolerate the taint that cordoning stands for. */
export const nodeUnschedulable: SchedulerPlugin = {
  name,
  events: [
    { kind: 'nodeAdded', helps: (pod, { node }) => admits(node, pod) },
    {
      kind: 'nodeUpdated',
      helps: (pod, { node, changes }) => changes.has('unschedulable') && admits(node, pod),
    },
    { kind: 'podUpdated', helps: (_, { changes }) => changes.has('tolerations') },
  ],
  filterColumns: (cycle, mask) =>
    filterRestricted(cycle, mask, ({ unschedulable }) => !unschedulable || toleratesCordon(cycle.pod)),
  filter,
}

function filter({ pod }: Cycle, { node }: NodeInfo): Rejection | undefined {
  return node && admits(node, pod) ? undefined : reject(name, 'node(s) were unschedulable', true)
}

function admits(node: Node, pod: Pod): boolean {
  return !node.spec?.unschedulable || toleratesCordon(pod)
}

function toleratesCordon({ spec }: Pod): boolean {
  return tolerates(spec?.tolerations, taint)
}
