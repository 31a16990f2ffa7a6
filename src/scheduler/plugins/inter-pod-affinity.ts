import { namespaces } from '../../api/core/namespace.ts'
import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { only, range } from '../config/fields.ts'
import type { QueueingHint } from '../framework/events.ts'
import type { Handle, Lists, PluginArgs } from '../framework/handle.ts'
import type { SchedulerPlugin } from '../framework/plugin.ts'
import { type AffinityTerm, affinityTerms } from '../snapshot/affinity-terms.ts'
import { selects } from '../snapshot/pod-counts.ts'
import { affinityFilter } from './pod-affinity/filter.ts'
import { selectionOfAll } from './pod-affinity/namespaces.ts'
import { affinityScore } from './pod-affinity/score.ts'

/** spec.affinity.podAffinity and podAntiAffinity, of the pod and of the pods that are on nodes already. */
export function interPodAffinity({ lists }: Handle, args: PluginArgs): SchedulerPlugin {
  const { hardPodAffinityWeight = 1, ignorePreferredTermsOfExistingPods = false } = args as {
    hardPodAffinityWeight?: number
    ignorePreferredTermsOfExistingPods?: boolean
  }
  return {
    name: 'InterPodAffinity',
    weight: 2,
    reads: [namespaces],
    events: hints(lists),
    ...affinityFilter(lists),
    ...affinityScore(lists, { hardPodAffinityWeight, ignorePreferredTermsOfExistingPods }),
  }
}

interPodAffinity.check = (args: PluginArgs, path: string) => {
  only(args, ['hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods'], path)
  range(args, 'hardPodAffinityWeight', { least: 0, most: 100, fallback: 1 }, path)
}

function hints(lists: Lists): QueueingHint[] {
  const meansAll = (terms: readonly AffinityTerm[], other: Pod) => {
    const selection = selectionOfAll(lists, terms)
    return selection !== undefined && selects(selection, other)
  }
  const labelOf = (node: Node, { topologyKey }: AffinityTerm) => node.metadata.labels?.[topologyKey]
  return [
    {
      kind: 'assignedPodAdded',
      helps: (pod, event) => meansAll(affinityTerms(pod).affinity, event.pod),
    },
    {
      kind: 'assignedPodDeleted',
      helps: (pod, event) =>
        meansAll(affinityTerms(pod).antiAffinity, event.pod) ||
        affinityTerms(event.pod).antiAffinity.length > 0,
    },
    {
      kind: 'assignedPodUpdated',
      helps(pod, { old, pod: other, changes }) {
        if (!changes.has('labels')) return false
        const { affinity, antiAffinity } = affinityTerms(pod)
        const joins = !meansAll(affinity, old) && meansAll(affinity, other)
        return joins || (meansAll(antiAffinity, old) && !meansAll(antiAffinity, other))
      },
    },
    {
      kind: 'nodeAdded',
      helps(pod, { node }) {
        const { affinity, antiAffinity } = affinityTerms(pod)
        return antiAffinity.length > 0 || affinity.some(term => labelOf(node, term) !== undefined)
      },
    },
    {
      kind: 'nodeUpdated',
      helps(pod, { old, node, changes }) {
        if (!changes.has('labels')) return false
        const { affinity, antiAffinity } = affinityTerms(pod)
        const moved = (term: AffinityTerm) => labelOf(old, term) !== labelOf(node, term)
        return (
          affinity.some(term => labelOf(node, term) !== undefined && moved(term)) ||
          antiAffinity.some(term => labelOf(old, term) !== undefined && moved(term))
        )
      },
    },
  ]
}
