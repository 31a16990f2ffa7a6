import { replicaSets } from '../../../api/apps/replica-set.ts'
import { statefulSets } from '../../../api/apps/stateful-set.ts'
import { replicationControllers } from '../../../api/core/replication-controller.ts'
import { services } from '../../../api/core/service.ts'
import { matchesRequired } from '../../../api/shared/node-match.ts'
import { untoleratedTaint } from '../../../api/shared/toleration.ts'
import type { Pod, TopologySpreadConstraint } from '../../../api/types/core-v1.gen.ts'
import { controllerOf } from '../../../machinery/meta/owners.ts'
import {
  isEverything,
  type LabelSelector,
  labelSelectorFrom,
  labelSelectorOf,
  matchesLabels,
} from '../../../machinery/selector/index.ts'
import type { Lists } from '../../framework/handle.ts'
import type { Cycle } from '../../framework/plugin.ts'
import type { Topology } from '../../snapshot/topologies.ts'
import { forbiddingEffects } from '../taint-toleration.ts'

/** A TopologySpreadConstraint with its selector compiled and its defaults filled in. */
export interface SpreadConstraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly selector: LabelSelector
  readonly minDomains: number
  /** nodeAffinityPolicy Honor: nodes that the pod could never go to do not count. */
  readonly honorsAffinity: boolean
  /** nodeTaintsPolicy Honor: the same for nodes with taints that it does not tolerate. */
  readonly honorsTaints: boolean
}

type Unsatisfiable = 'DoNotSchedule' | 'ScheduleAnyway'

/** A pod's own constraints; where it has none, the scheduler's default ones for the pods of its workload. */
export interface SpreadRules {
  constraints(pod: Pod, whenUnsatisfiable: Unsatisfiable): readonly SpreadConstraint[]
  /** False where nodes without one of the labels still count for the others: by the built-in defaults alone. */
  needsAllLabels(pod: Pod): boolean
}

/** The built-in defaults: spread softly over nodes and zones. */
const systemDefaults: readonly TopologySpreadConstraint[] = [
  { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
]

/** Kinds that tell which pods belong together. */
export const workloadKinds = [services, replicationControllers, replicaSets, statefulSets] as const

/** `listed`: PodTopologySpreadArgs' defaultConstraints; undefined for the built-in ones. */
export function spreadRules(
  lists: Lists,
  listed: readonly TopologySpreadConstraint[] | undefined,
): SpreadRules {
  const defaults = listed ?? systemDefaults
  return {
    constraints(pod, whenUnsatisfiable) {
      const wanted = (constraint: TopologySpreadConstraint) =>
        constraint.whenUnsatisfiable === whenUnsatisfiable
      const own = pod.spec?.topologySpreadConstraints ?? []
      if (own.length > 0) return own.filter(wanted).map(constraint => compile(constraint, pod))
      const inherited = defaults.filter(wanted)
      if (inherited.length === 0) return []
      const selector = workloadSelector(lists, pod)
      return isEverything(selector)
        ? []
        : inherited.map(constraint => ({ ...compile(constraint, pod), selector }))
    },
    needsAllLabels: pod => listed !== undefined || (pod.spec?.topologySpreadConstraints ?? []).length > 0,
  }
}

function compile(constraint: TopologySpreadConstraint, pod: Pod): SpreadConstraint {
  const { maxSkew, topologyKey, labelSelector, minDomains, nodeAffinityPolicy, nodeTaintsPolicy } = constraint
  return {
    maxSkew,
    topologyKey,
    selector: withKeys(labelSelectorFrom(labelSelector), constraint.matchLabelKeys ?? [], pod),
    minDomains: minDomains ?? 1,
    honorsAffinity: nodeAffinityPolicy !== 'Ignore',
    honorsTaints: nodeTaintsPolicy === 'Honor',
  }
}

function withKeys(selector: LabelSelector, keys: readonly string[], pod: Pod): LabelSelector {
  const own = pod.metadata.labels ?? {}
  const known = keys.filter(key => own[key] !== undefined)
  if (known.length === 0 || selector.nothing) return selector
  const same = labelSelectorOf(Object.fromEntries(known.map(key => [key, own[key]!])))
  return { requirements: [...same.requirements, ...selector.requirements] }
}

/** What selects the pods of the same workload: its services and its controller (plugins/helper DefaultSelector). */
function workloadSelector(lists: Lists, pod: Pod): LabelSelector {
  const { namespace, labels } = pod.metadata
  const mine = lists
    .of(services)
    .list(namespace)
    .filter(({ spec }) => spec?.selector && matchesLabels(labelSelectorOf(spec.selector), labels))
  const owner = controllerOf(pod)
  const ofOwner = owner && ownerSelectors[`${owner.apiVersion} ${owner.kind}`]
  const parts = [
    ...mine.map(({ spec }) => labelSelectorOf(spec!.selector)),
    ofOwner?.(lists, namespace, owner!.name),
  ]
  return { requirements: parts.flatMap(selector => selector?.requirements ?? []) }
}

type OwnerSelector = (lists: Lists, namespace: string | undefined, name: string) => LabelSelector | undefined

const ownerSelectors: Readonly<Record<string, OwnerSelector | undefined>> = {
  'v1 ReplicationController': (lists, namespace, name) =>
    labelSelectorOf(lists.of(replicationControllers).get(namespace, name)?.spec?.selector),
  'apps/v1 ReplicaSet': (lists, namespace, name) =>
    labelSelectorFrom(lists.of(replicaSets).get(namespace, name)?.spec?.selector),
  'apps/v1 StatefulSet': (lists, namespace, name) =>
    labelSelectorFrom(lists.of(statefulSets).get(namespace, name)?.spec?.selector),
}

/** A byte per row: 1 for the nodes that a constraint counts, with the labels and, by its policies, open to the pod. */
export function countingRows(
  { pod, snapshot }: Cycle,
  constraint: SpreadConstraint,
  needed: readonly Topology[],
): Uint8Array {
  const counting = snapshot.presence.slice(0, snapshot.rowCount)
  for (const { domains } of needed)
    for (let row = 0; row < counting.length; row++) if (domains[row] === 0) counting[row] = 0
  const { affinity, nodeSelector, tolerations } = pod.spec ?? {}
  if (constraint.honorsAffinity && (affinity?.nodeAffinity ?? nodeSelector))
    for (let row = 0; row < counting.length; row++)
      if (counting[row] === 1 && !matchesRequired(snapshot.nodeAt(row)!.node!, pod.spec)) counting[row] = 0
  if (constraint.honorsTaints)
    for (const { taints, rows } of snapshot.restrictions.sorts())
      if (untoleratedTaint(taints, tolerations, forbiddingEffects)) for (const row of rows) counting[row] = 0
  return counting
}

/** Matching pods on each node that do not leave; a selector that selects everything counts nobody. */
export function matchingPods({ pod, snapshot }: Cycle, { selector }: SpreadConstraint): Int32Array {
  if (isEverything(selector)) return new Int32Array(snapshot.rowCount)
  const selection = { namespaces: [pod.metadata.namespace!], selectors: [selector], skipTerminating: true }
  return snapshot.podCounts.byRow(selection, snapshot.rowCount)
}
