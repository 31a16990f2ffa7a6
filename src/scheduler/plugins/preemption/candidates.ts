import type { PodDisruptionBudget } from '../../../api/types/policy-v1.gen.ts'
import type { Random } from '../../../std/ports.ts'
import type { Cycle, Rejection, Rejections } from '../../framework/plugin.ts'
import type { NodeInfo } from '../../snapshot/node-info.ts'
import { byImportance, type Candidate, priorityOf, type StartTime, selectVictims } from './victims.ts'

/** How many nodes are worth a dry run: DefaultPreemptionArgs. */
export interface CandidateLimits {
  readonly minCandidateNodesPercentage: number
  readonly minCandidateNodesAbsolute: number
}

export interface CandidateSearch {
  readonly cycle: Cycle
  readonly rejections: Rejections
  readonly budgets: readonly PodDisruptionBudget[]
  readonly limits: CandidateLimits
  readonly random: Random
  readonly startMs: StartTime
}

export interface Candidates {
  readonly found: readonly Candidate[]
  /** Why a dry run on a node found nothing. */
  readonly failed: ReadonlyMap<string, Rejection>
}

/** Dry runs on the nodes where preemption may help, from a random one on, until enough will do. */
export function findCandidates(search: CandidateSearch): Candidates {
  const { cycle, budgets, limits, random, startMs } = search
  const nodes = potentialNodes(search)
  const wanted = Math.max(
    Math.floor((nodes.length * limits.minCandidateNodesPercentage) / 100),
    limits.minCandidateNodesAbsolute,
  )
  const offset = Math.floor(random.next() * nodes.length)
  const found: Candidate[] = []
  const failed = new Map<string, Rejection>()
  for (let index = 0; index < nodes.length; index++) {
    if (found.length >= wanted && found.some(({ violations }) => violations === 0)) break
    const node = nodes[(offset + index) % nodes.length]!
    const outcome = selectVictims(cycle, node, budgets, startMs)
    if ('victims' in outcome) found.push(outcome)
    else failed.set(node.name, outcome)
  }
  return { found, failed }
}

function potentialNodes({ cycle, rejections }: CandidateSearch): NodeInfo[] {
  const resolvable = (name: string) => !(rejections.byNode.get(name) ?? rejections.others).unresolvable
  return [...cycle.snapshot.nodes()].filter(info => info.node && resolvable(info.name))
}

/**
 * The candidate that costs least: fewest broken budgets, then the lowest top priority, the lowest sum of
 * priorities, the fewest victims, and the one whose important victims started last (pickOneNodeForPreemption).
 */
export function cheapest(candidates: readonly Candidate[], startMs: StartTime): Candidate {
  const costs: readonly ((candidate: Candidate) => number)[] = [
    ({ violations }) => violations,
    ({ victims }) => priorityOf(victims[0]!),
    // Shifted so that many pods of negative priority weigh more than few.
    ({ victims }) => victims.reduce((sum, pod) => sum + priorityOf(pod) + 2 ** 31, 0),
    ({ victims }) => victims.length,
    ({ victims }) => -earliestStart(victims, startMs),
  ]
  let left = candidates
  for (const cost of costs) {
    const least = Math.min(...left.map(cost))
    left = left.filter(candidate => cost(candidate) === least)
  }
  return left[0]!
}

/** Of the victims that share the highest priority. */
function earliestStart(victims: Candidate['victims'], startMs: StartTime): number {
  const [first] = victims.toSorted(byImportance(startMs))
  return startMs(first!)
}
