import { type Cycle, cycleState, maxNodeScore } from '../../framework/plugin.ts'
import type { Topology } from '../../snapshot/topologies.ts'
import { countingRows, matchingPods, type SpreadConstraint, type SpreadRules } from './constraints.ts'

interface Spread {
  readonly constraint: SpreadConstraint
  readonly topology: Topology
  /** Matching pods by row for hostnames, else by domain. */
  readonly pods: Int32Array
  readonly perNode: boolean
  /** Grows with the number of domains, so that a few large ones do not outweigh many small ones. */
  readonly weight: number
}

interface State {
  readonly spreads: readonly Spread[]
  /** 1 for nodes that lack a label and get nothing. */
  readonly ignored: Uint8Array
}

/** PreScore, Score and NormalizeScore of the constraints that are wishes: the fewer pods in the domain, the better. */
export function spreadScore(rules: SpreadRules) {
  const states = cycleState<State>()
  return {
    preScore(cycle: Cycle, rows: readonly number[]): 'skip' | undefined {
      const constraints = rules.constraints(cycle.pod, 'ScheduleAnyway')
      if (constraints.length === 0) return 'skip'
      states.keep(cycle, survey(cycle, constraints, rows, rules.needsAllLabels(cycle.pod)))
      return undefined
    },
    scoreColumns(cycle: Cycle, rows: readonly number[], scores: Float64Array): void {
      const { spreads, ignored } = states.of(cycle)
      for (const row of rows) scores[row] = ignored[row] === 1 ? 0 : scoreOf(spreads, row)
    },
    normalize(cycle: Cycle, rows: readonly number[], scores: Float64Array): void {
      const { ignored } = states.of(cycle)
      let least = Number.POSITIVE_INFINITY
      let most = 0
      for (const row of rows) {
        if (ignored[row] === 1) continue
        least = Math.min(least, scores[row]!)
        most = Math.max(most, scores[row]!)
      }
      for (const row of rows) {
        if (ignored[row] === 1) scores[row] = 0
        else if (most === 0) scores[row] = maxNodeScore
        else scores[row] = Math.floor((maxNodeScore * (most + least - scores[row]!)) / most)
      }
    },
  }
}

function scoreOf(spreads: readonly Spread[], row: number): number {
  let score = 0
  for (const { constraint, topology, pods, perNode, weight } of spreads) {
    const domain = topology.domains[row]!
    if (domain === 0) continue
    score += pods[perNode ? row : domain]! * weight + (constraint.maxSkew - 1)
  }
  return Math.round(score)
}

function survey(
  cycle: Cycle,
  constraints: readonly SpreadConstraint[],
  rows: readonly number[],
  needsAllLabels: boolean,
): State {
  const topologies = constraints.map(({ topologyKey }) => cycle.snapshot.topologies.of(topologyKey))
  const ignored = new Uint8Array(cycle.snapshot.rowCount)
  if (needsAllLabels)
    for (const { domains } of topologies) for (const row of rows) if (domains[row] === 0) ignored[row] = 1
  const candidates = needsAllLabels ? rows.filter(row => ignored[row] === 0) : rows
  const spreads = constraints.map((constraint, index): Spread => {
    const topology = topologies[index]!
    const perRow = matchingPods(cycle, constraint)
    const perNode = constraint.topologyKey === 'kubernetes.io/hostname'
    if (perNode)
      return { constraint, topology, pods: perRow, perNode, weight: Math.log(candidates.length + 2) }
    // Domain 0, the nodes without the label, is one more domain to the weight alone.
    const relevant = new Uint8Array(topology.size)
    for (const row of candidates) relevant[topology.domains[row]!] = 1
    const pods = new Int32Array(topology.size)
    const counting = countingRows(cycle, constraint, needsAllLabels ? topologies : [])
    for (let row = 0; row < counting.length; row++)
      if (counting[row] === 1 && relevant[topology.domains[row]!] === 1)
        pods[topology.domains[row]!]! += perRow[row]!
    const size = relevant.reduce((sum, one) => sum + one, 0)
    return { constraint, topology, pods, perNode, weight: Math.log(size + 2) }
  })
  return { spreads, ignored }
}
