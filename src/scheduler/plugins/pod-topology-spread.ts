import type { Node, Pod, TopologySpreadConstraint } from '../../api/types/core-v1.gen.ts'
import { matchesLabels } from '../../machinery/selector/index.ts'
import { type Fields, listOf, numberAt, only, refuse, textAt } from '../config/fields.ts'
import type { QueueingHint } from '../framework/events.ts'
import type { Handle, PluginArgs } from '../framework/handle.ts'
import type { SchedulerPlugin } from '../framework/plugin.ts'
import {
  type SpreadConstraint,
  type SpreadRules,
  spreadRules,
  workloadKinds,
} from './topology-spread/constraints.ts'
import { spreadFilter } from './topology-spread/filter.ts'
import { spreadScore } from './topology-spread/score.ts'

interface SpreadArgs {
  readonly defaultingType?: string
  readonly defaultConstraints?: readonly TopologySpreadConstraint[]
}

/** spec.topologySpreadConstraints (KEP-895), and the default ones of KEP-1258 for pods that have none. */
export function podTopologySpread({ lists }: Handle, args: PluginArgs): SchedulerPlugin {
  const { defaultingType, defaultConstraints = [] } = args as SpreadArgs
  const rules = spreadRules(lists, defaultingType === 'List' ? defaultConstraints : undefined)
  return {
    name: 'PodTopologySpread',
    weight: 2,
    reads: workloadKinds,
    events: hints(rules),
    ...spreadFilter(rules),
    ...spreadScore(rules),
  }
}

podTopologySpread.check = (args: PluginArgs, path: string) => {
  only(args, ['defaultingType', 'defaultConstraints'], path)
  const type = textAt(args, 'defaultingType', 'System')
  const constraints = listOf(args.defaultConstraints ?? [], `${path}defaultConstraints`)
  if (type !== 'System' && type !== 'List') refuse(`${path}defaultingType`, 'must be System or List')
  if (type === 'System' && constraints.length > 0)
    refuse(`${path}defaultConstraints`, 'must be empty when .defaultingType is "System"')
  for (const [index, constraint] of constraints.entries())
    checkConstraint(constraint, `${path}defaultConstraints[${index}].`)
}

function checkConstraint(constraint: Fields, path: string): void {
  only(constraint, ['maxSkew', 'topologyKey', 'whenUnsatisfiable'], path)
  if (numberAt(constraint, 'maxSkew', 0) <= 0) refuse(`${path}maxSkew`, 'must be greater than zero')
  if (!textAt(constraint, 'topologyKey', '')) refuse(`${path}topologyKey`, 'can not be empty')
  const when = textAt(constraint, 'whenUnsatisfiable', '')
  if (when !== 'DoNotSchedule' && when !== 'ScheduleAnyway')
    refuse(`${path}whenUnsatisfiable`, 'must be DoNotSchedule or ScheduleAnyway')
}

function hints(rules: SpreadRules): QueueingHint[] {
  const hard = (pod: Pod) => rules.constraints(pod, 'DoNotSchedule')
  const counted = (pod: Pod, other: Pod) =>
    other.metadata.namespace === pod.metadata.namespace &&
    hard(pod).some(({ selector }) => matchesLabels(selector, other.metadata.labels))
  const ownChange = (pod: Pod, before: Pod, after: Pod) =>
    hard(pod).some(
      ({ selector }) =>
        matchesLabels(selector, before.metadata.labels) !== matchesLabels(selector, after.metadata.labels),
    )
  const labelled = (node: Node, constraints: readonly SpreadConstraint[]) =>
    constraints.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined)
  return [
    { kind: 'assignedPodAdded', helps: (pod, event) => counted(pod, event.pod) },
    { kind: 'assignedPodDeleted', helps: (pod, event) => counted(pod, event.pod) },
    {
      kind: 'assignedPodUpdated',
      helps: (pod, { old, pod: other, changes }) =>
        changes.has('labels') &&
        other.metadata.namespace === pod.metadata.namespace &&
        ownChange(pod, old, other),
    },
    {
      kind: 'podUpdated',
      helps: (pod, { old, pod: other, changes }) =>
        (changes.has('tolerations') && hard(pod).some(({ honorsTaints }) => honorsTaints)) ||
        (changes.has('labels') && ownChange(pod, old, other)),
    },
    { kind: 'nodeAdded', helps: (pod, { node }) => labelled(node, hard(pod)) },
    { kind: 'nodeDeleted', helps: (pod, { node }) => labelled(node, hard(pod)) },
    {
      kind: 'nodeUpdated',
      helps(pod, { old, node, changes }) {
        const constraints = hard(pod)
        if (labelled(old, constraints) !== labelled(node, constraints)) return true
        const moved = constraints.some(
          ({ topologyKey }) => old.metadata.labels?.[topologyKey] !== node.metadata.labels?.[topologyKey],
        )
        return labelled(node, constraints) && (moved || changes.has('taints'))
      },
    },
  ]
}
