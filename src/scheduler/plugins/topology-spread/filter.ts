import type { Pod } from '../../../api/types/core-v1.gen.ts'
import { isEverything, matchesLabels } from '../../../machinery/selector/index.ts'
import {
  type Cycle,
  cycleState,
  goOn,
  type PreFilterResult,
  type Rejection,
  reject,
  skip,
} from '../../framework/plugin.ts'
import type { NodeInfo } from '../../snapshot/node-info.ts'
import type { Topology } from '../../snapshot/topologies.ts'
import { countingRows, matchingPods, type SpreadConstraint, type SpreadRules } from './constraints.ts'

const plugin = 'PodTopologySpread'
const tooSkewed = "node(s) didn't match pod topology spread constraints"
const unlabelled = reject(plugin, `${tooSkewed} (missing required label)`, true)
const skewed = reject(plugin, tooSkewed, false)

/** How the matching pods lie in the domains of one constraint. */
interface Spread {
  readonly constraint: SpreadConstraint
  readonly topology: Topology
  /** Matching pods by domain. */
  readonly pods: Int32Array
  /** 1 for each node that counts. */
  readonly countingRows: Uint8Array
  /** 1 for each domain that has such a node. */
  readonly counting: Uint8Array
  readonly domainCount: number
  /** 1 when the pod itself is selected. */
  readonly self: number
  /** Of the emptiest counting domain; undefined when a dry run has moved a pod since. */
  least: number | undefined
}

interface State {
  readonly spreads: readonly Spread[]
}

/** PreFilter and Filter of the constraints that must hold (pkg/scheduler/framework/plugins/podtopologyspread). */
export function spreadFilter(rules: SpreadRules) {
  const states = cycleState<State>()
  return {
    preFilter(cycle: Cycle): PreFilterResult {
      const constraints = rules.constraints(cycle.pod, 'DoNotSchedule')
      if (constraints.length === 0) return skip
      states.keep(cycle, { spreads: survey(cycle, constraints) })
      return goOn
    },
    filterColumns(cycle: Cycle, mask: Uint8Array): void {
      for (const spread of states.of(cycle).spreads) {
        const { pods, topology } = spread
        const { domains } = topology
        const most = mostIn(spread)
        for (let row = 0; row < mask.length; row++) {
          const domain = domains[row]!
          if (domain === 0 || pods[domain]! > most) mask[row] = 0
        }
      }
    },
    filter(cycle: Cycle, { row }: NodeInfo): Rejection | undefined {
      for (const spread of states.of(cycle).spreads) {
        const domain = spread.topology.domains[row]!
        if (domain === 0) return unlabelled
        if (spread.pods[domain]! > mostIn(spread)) return skewed
      }
      return undefined
    },
    podMoved(cycle: Cycle, pod: Pod, { row }: NodeInfo, change: 1 | -1): void {
      if (pod.metadata.namespace !== cycle.pod.metadata.namespace) return
      for (const spread of states.of(cycle).spreads) {
        if (!matchesLabels(spread.constraint.selector, pod.metadata.labels)) continue
        if (spread.countingRows[row] !== 1) continue
        spread.pods[spread.topology.domains[row]!]! += change
        spread.least = undefined
      }
    },
  }
}

function survey(cycle: Cycle, constraints: readonly SpreadConstraint[]): readonly Spread[] {
  const topologies = constraints.map(({ topologyKey }) => cycle.snapshot.topologies.of(topologyKey))
  return constraints.map((constraint, index) => {
    const topology = topologies[index]!
    const rows = countingRows(cycle, constraint, topologies)
    const perRow = matchingPods(cycle, constraint)
    const pods = new Int32Array(topology.size)
    const counting = new Uint8Array(topology.size)
    for (let row = 0; row < rows.length; row++) {
      if (rows[row] === 0) continue
      const domain = topology.domains[row]!
      pods[domain]! += perRow[row]!
      counting[domain] = 1
    }
    const domainCount = counting.reduce((sum, one) => sum + one, 0)
    const self = selfMatch(cycle, constraint)
    return { constraint, topology, pods, countingRows: rows, counting, domainCount, self, least: undefined }
  })
}

function selfMatch({ pod }: Cycle, { selector }: SpreadConstraint): number {
  return isEverything(selector) || matchesLabels(selector, pod.metadata.labels) ? 1 : 0
}

/** How many pods a domain may have that is to take one more. */
function mostIn(spread: Spread): number {
  return spread.constraint.maxSkew + leastOf(spread) - spread.self
}

/** Below minDomains the missing domains count as empty (KEP-3022). */
function leastOf(spread: Spread): number {
  if (spread.domainCount < spread.constraint.minDomains) return 0
  if (spread.least !== undefined) return spread.least
  let least = Number.POSITIVE_INFINITY
  for (let domain = 1; domain < spread.pods.length; domain++) {
    if (spread.counting[domain] === 1) least = Math.min(least, spread.pods[domain]!)
  }
  spread.least = least
  return least
}
