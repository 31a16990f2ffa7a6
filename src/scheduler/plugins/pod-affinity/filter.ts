import type { Pod } from '../../../api/types/core-v1.gen.ts'
import type { Lists } from '../../framework/handle.ts'
import {
  type Cycle,
  cycleState,
  goOn,
  type PreFilterResult,
  type Rejection,
  reject,
  skip,
} from '../../framework/plugin.ts'
import { affinityTerms, termMatches } from '../../snapshot/affinity-terms.ts'
import type { ClusterSnapshot } from '../../snapshot/cluster-snapshot.ts'
import type { NodeInfo } from '../../snapshot/node-info.ts'
import { type PodSelection, selects } from '../../snapshot/pod-counts.ts'
import type { Topology } from '../../snapshot/topologies.ts'
import { namespaceLabels, selectionOf, selectionOfAll } from './namespaces.ts'

const plugin = 'InterPodAffinity'

/** Pods by domain of one topology key. */
interface Tally {
  readonly topology: Topology
  readonly pods: Int32Array
}

interface State {
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined
  /** Pods that all affinity terms mean; absent when the pod has none. */
  readonly company: PodSelection | undefined
  /** Where they are, for each affinity term. */
  readonly wanted: readonly Tally[]
  /** The sum over `wanted`: 0 lets the first pod of its kind in. */
  wantedTotal: number
  /** For each anti-affinity term whom it means and where they are. */
  readonly shunned: readonly (Tally & { readonly selection: PodSelection })[]
  /** Where pods are whose own anti-affinity means this pod, by topology key. */
  readonly shunning: Map<string, Tally>
}

/** PreFilter and Filter of what must hold (pkg/scheduler/framework/plugins/interpodaffinity). */
export function affinityFilter(lists: Lists) {
  const states = cycleState<State>()
  return {
    preFilter(cycle: Cycle): PreFilterResult {
      const state = survey(lists, cycle)
      if (!state.company && state.shunned.length === 0 && state.shunning.size === 0) return skip
      states.keep(cycle, state)
      return goOn
    },
    filterColumns(cycle: Cycle, mask: Uint8Array): void {
      const state = states.of(cycle)
      for (let row = 0; row < mask.length; row++)
        if (mask[row] === 1 && faultAt(state, cycle.pod, row)) mask[row] = 0
    },
    filter: (cycle: Cycle, { row }: NodeInfo): Rejection | undefined =>
      faultAt(states.of(cycle), cycle.pod, row),
    podMoved(cycle: Cycle, pod: Pod, { row }: NodeInfo, change: 1 | -1): void {
      const state = states.of(cycle)
      for (const term of affinityTerms(pod).antiAffinity) {
        if (termMatches(term, cycle.pod, state.namespaceLabels))
          add(tallyOf(state.shunning, cycle.snapshot, term.topologyKey), row, change)
      }
      if (state.company && selects(state.company, pod))
        for (const tally of state.wanted) state.wantedTotal += add(tally, row, change)
      for (const tally of state.shunned) if (selects(tally.selection, pod)) add(tally, row, change)
    },
  }
}

function survey(lists: Lists, { pod, snapshot }: Cycle): State {
  const terms = affinityTerms(pod)
  const labels = namespaceLabels(lists, pod)
  const company = selectionOfAll(lists, terms.affinity)
  const wanted = terms.affinity.map(({ topologyKey }) => tallyPods(snapshot, topologyKey, company!))
  const shunned = terms.antiAffinity.map(term => {
    const selection = selectionOf(lists, term)
    return { ...tallyPods(snapshot, term.topologyKey, selection), selection }
  })
  const shunning = new Map<string, Tally>()
  for (const { term, rows } of snapshot.carriedTerms.of('antiAffinity')) {
    if (!termMatches(term, pod, labels)) continue
    const { domains } = snapshot.topologies.of(term.topologyKey)
    let tally: Tally | undefined
    for (const [row, count] of rows) {
      if (domains[row] === 0) continue
      tally ??= tallyOf(shunning, snapshot, term.topologyKey)
      add(tally, row, count)
    }
  }
  const wantedTotal = wanted.reduce((sum, { pods }) => pods.reduce((all, one) => all + one, sum), 0)
  return { namespaceLabels: labels, company, wanted, wantedTotal, shunned, shunning }
}

function tallyPods(snapshot: ClusterSnapshot, key: string, selection: PodSelection): Tally {
  const topology = snapshot.topologies.of(key)
  const tally: Tally = { topology, pods: new Int32Array(topology.size) }
  const perRow = snapshot.podCounts.byRow(selection, snapshot.rowCount)
  for (let row = 0; row < snapshot.rowCount; row++) if (perRow[row] !== 0) add(tally, row, perRow[row]!)
  return tally
}

function tallyOf(tallies: Map<string, Tally>, snapshot: ClusterSnapshot, key: string): Tally {
  let tally = tallies.get(key)
  if (!tally) {
    const topology = snapshot.topologies.of(key)
    tally = { topology, pods: new Int32Array(topology.size) }
    tallies.set(key, tally)
  }
  return tally
}

/** Answers what was added: nothing on a node without the label. */
function add({ topology, pods }: Tally, row: number, count: number): number {
  const domain = topology.domains[row]!
  if (domain === 0) return 0
  pods[domain]! += count
  return count
}

function podsAt({ topology, pods }: Tally, row: number): number {
  return pods[topology.domains[row]!]!
}

const lonely = reject(plugin, "node(s) didn't match pod affinity rules", true)
const crowded = reject(plugin, "node(s) didn't match pod anti-affinity rules", false)
const unwelcome = reject(plugin, "node(s) didn't satisfy existing pods anti-affinity rules", false)

function faultAt(state: State, pod: Pod, row: number): Rejection | undefined {
  if (!hasCompany(state, pod, row)) return lonely
  for (const tally of state.shunned) if (podsAt(tally, row) > 0) return crowded
  for (const tally of state.shunning.values()) if (podsAt(tally, row) > 0) return unwelcome
  return undefined
}

/** All labels are there, and pods to join; or nobody to join anywhere, and the pod is one of its own kind. */
function hasCompany({ company, wanted, wantedTotal }: State, pod: Pod, row: number): boolean {
  if (!company) return true
  let isJoined = true
  for (const tally of wanted) {
    if (tally.topology.domains[row] === 0) return false
    if (podsAt(tally, row) === 0) isJoined = false
  }
  return isJoined || (wantedTotal === 0 && selects(company, pod))
}
