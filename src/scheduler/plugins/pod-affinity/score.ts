import type { Lists } from '../../framework/handle.ts'
import { type Cycle, cycleState, maxNodeScore } from '../../framework/plugin.ts'
import { affinityTerms, type TermSort, termMatches } from '../../snapshot/affinity-terms.ts'
import type { Topology } from '../../snapshot/topologies.ts'
import { namespaceLabels, selectionOf } from './namespaces.ts'

interface Worth {
  readonly topology: Topology
  readonly points: Float64Array
}

type State = ReadonlyMap<string, Worth>

export interface AffinityScoreArgs {
  /** What the required affinity of a pod on a node is worth to the pod that it means. */
  readonly hardPodAffinityWeight: number
  /** Pods without preferences of their own are not drawn to those that have some. */
  readonly ignorePreferredTermsOfExistingPods: boolean
}

/** PreScore, Score and NormalizeScore: the pod's own wishes, and those of the pods on nodes that mean it. */
export function affinityScore(lists: Lists, args: AffinityScoreArgs) {
  const states = cycleState<State>()
  return {
    preScore(cycle: Cycle): 'skip' | undefined {
      const { preferredAffinity, preferredAntiAffinity } = affinityTerms(cycle.pod)
      const hasWishes = preferredAffinity.length + preferredAntiAffinity.length > 0
      if (args.ignorePreferredTermsOfExistingPods && !hasWishes) return 'skip'
      const worths = new Map<string, Worth>()
      addOwnWishes(lists, cycle, worths)
      addOthersWishes(lists, cycle, worths, args.hardPodAffinityWeight)
      if (worths.size === 0) return 'skip'
      states.keep(cycle, worths)
      return undefined
    },
    scoreColumns(cycle: Cycle, rows: readonly number[], scores: Float64Array): void {
      const worths = [...states.of(cycle).values()]
      for (const row of rows) {
        let score = 0
        for (const { topology, points } of worths) score += points[topology.domains[row]!]!
        scores[row] = score
      }
    },
    normalize(_: Cycle, rows: readonly number[], scores: Float64Array): void {
      let least = Number.POSITIVE_INFINITY
      let most = Number.NEGATIVE_INFINITY
      for (const row of rows) {
        least = Math.min(least, scores[row]!)
        most = Math.max(most, scores[row]!)
      }
      for (const row of rows)
        scores[row] = most > least ? Math.trunc(maxNodeScore * ((scores[row]! - least) / (most - least))) : 0
    },
  }
}

function addOwnWishes(lists: Lists, { pod, snapshot }: Cycle, worths: Map<string, Worth>): void {
  const terms = affinityTerms(pod)
  for (const sort of ['preferredAffinity', 'preferredAntiAffinity'] as const) {
    for (const term of terms[sort]) {
      const perRow = snapshot.podCounts.byRow(selectionOf(lists, term), snapshot.rowCount)
      const worth = worthOf(worths, snapshot.topologies.of(term.topologyKey), term.topologyKey)
      const weight = sort === 'preferredAffinity' ? term.weight : -term.weight
      for (let row = 0; row < snapshot.rowCount; row++)
        if (perRow[row] !== 0) add(worth, row, perRow[row]! * weight)
    }
  }
}

function addOthersWishes(
  lists: Lists,
  { pod, snapshot }: Cycle,
  worths: Map<string, Worth>,
  hardWeight: number,
): void {
  const labels = namespaceLabels(lists, pod)
  const addSort = (sort: TermSort, weigh: (weight: number) => number) => {
    for (const { term, rows } of snapshot.carriedTerms.of(sort)) {
      if (!termMatches(term, pod, labels)) continue
      const worth = worthOf(worths, snapshot.topologies.of(term.topologyKey), term.topologyKey)
      for (const [row, count] of rows) add(worth, row, count * weigh(term.weight))
    }
  }
  if (hardWeight > 0) addSort('affinity', () => hardWeight)
  addSort('preferredAffinity', weight => weight)
  addSort('preferredAntiAffinity', weight => -weight)
}

function worthOf(worths: Map<string, Worth>, topology: Topology, key: string): Worth {
  const worth = worths.get(key) ?? { topology, points: new Float64Array(topology.size) }
  worths.set(key, worth)
  return worth
}

function add({ topology, points }: Worth, row: number, amount: number): void {
  const domain = topology.domains[row]!
  if (domain !== 0) points[domain]! += amount
}
