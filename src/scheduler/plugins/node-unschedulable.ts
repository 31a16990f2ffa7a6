import type { Node, Pod, Taint } from '../../api/types/core-v1.gen.ts'
import { reject, type SchedulerPlugin } from '../framework/plugin.ts'
import { tolerates } from './toleration.ts'

const name = 'NodeUnschedulable'
const taint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** Keeps pods off cordoned nodes, unless they tolerate the taint that cordoning stands for. */
export const nodeUnschedulable: SchedulerPlugin = {
  name,
  events: [
    { kind: 'nodeAdded', helps: (pod, event) => event.kind === 'nodeAdded' && admits(event.node, pod) },
    {
      kind: 'nodeUpdated',
      helps: (pod, event) =>
        event.kind === 'nodeUpdated' && event.changes.has('unschedulable') && admits(event.node, pod),
    },
    { kind: 'podUpdated', helps: () => true },
  ],
  filter: ({ pod }, { node }) =>
    node && admits(node, pod) ? undefined : reject(name, 'node(s) were unschedulable', true),
}

function admits(node: Node, pod: Pod): boolean {
  return !node.spec?.unschedulable || tolerates(pod.spec?.tolerations, taint)
}
