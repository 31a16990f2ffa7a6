import type { Random } from '../../std/ports.ts'
import type { ClusterSnapshot } from '../snapshot/cluster-snapshot.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import { judgeNode, rivals, runFilters } from './filters.ts'
import { measured, type PointStatus } from './meter.ts'
import type { Cycle, Rejection, Rejections, SchedulerPlugin } from './plugin.ts'
import { nodesToFind } from './sampling.ts'
import { scoreRows } from './score-rows.ts'

/** Where a pod goes, or why it goes nowhere. */
export type Verdict =
  | { readonly outcome: 'node'; readonly node: NodeInfo; readonly feasible: number }
  | { readonly outcome: 'none'; readonly failure: FitFailure }

/** Upstream's FitError: the message of FailedScheduling and the plugins whose events wake the pod. */
export interface FitFailure {
  readonly message: string
  readonly plugins: ReadonlySet<string>
  /** The node that the pod waits for from now on; '' withdraws it, undefined leaves it as it was. */
  readonly nominate: string | undefined
}

/**
 * One scheduling cycle up to the choice of a node: PreFilter, Filter, PostFilter, PreScore, Score, and the best
 * node, by chance among equals. Of many nodes that will do some are scored, others for the next pod.
 */
export function findNode(plugins: readonly SchedulerPlugin[], cycle: Cycle, random: Random): Verdict {
  if (cycle.snapshot.nodeCount === 0) {
    const message = 'no nodes available to schedule pods'
    return { outcome: 'none', failure: { message, plugins: new Set(), nominate: '' } }
  }
  const prepared = measured(cycle, 'PreFilter', () => preFilter(plugins, cycle), preFilterStatus)
  if ('rejection' in prepared) {
    return { outcome: 'none', failure: preFilterFailure(plugins, cycle, prepared) }
  }
  const hoped = nominatedNode(cycle)
  if (hoped) return { outcome: 'node', node: hoped, feasible: 1 }
  const rows = measured(cycle, 'Filter', () => feasibleRows(plugins, prepared, cycle))
  if (rows.length === 0) return { outcome: 'none', failure: diagnose(plugins, prepared, cycle) }
  const row = rows.length === 1 ? rows[0]! : pickHighest(scoreRows(plugins, cycle, rows), rows, random)
  return { outcome: 'node', node: cycle.snapshot.nodeAt(row)!, feasible: rows.length }
}

/** The nodes that some PreFilters leave, and whose they are. */
interface Prepared {
  readonly nodeNames: ReadonlySet<string> | undefined
  readonly restricting: readonly string[]
}

interface Refused {
  readonly rejection: Rejection
}

function preFilter(plugins: readonly SchedulerPlugin[], cycle: Cycle): Prepared | Refused {
  const filters: SchedulerPlugin[] = []
  const restricting: string[] = []
  let nodeNames: ReadonlySet<string> | undefined
  let refused: Rejection | undefined
  for (const plugin of plugins) {
    const result = plugin.preFilter?.(cycle)
    if (result) cycle.meter?.evaluated('PreFilter', plugin.name, 1)
    // One that preemption may overcome lets the others speak, for the dry runs need what they learn.
    if (result?.outcome === 'reject') {
      if (result.rejection.unresolvable) return { rejection: result.rejection }
      refused = result.rejection
    }
    if (result?.outcome === 'skip') continue
    if (plugin.filter) filters.push(plugin)
    const names = result?.outcome === 'continue' ? result.nodeNames : undefined
    if (!names) continue
    restricting.push(plugin.name)
    nodeNames = nodeNames ? new Set([...nodeNames].filter(name => names.has(name))) : names
    if (nodeNames.size === 0) return { rejection: contradiction(restricting) }
  }
  cycle.filters = filters
  return refused ? { rejection: refused } : { nodeNames, restricting }
}

function preFilterStatus(result: Prepared | Refused): PointStatus {
  if (!('rejection' in result)) return 'Success'
  return result.rejection.unresolvable ? 'UnschedulableAndUnresolvable' : 'Unschedulable'
}

function contradiction(restricting: readonly string[]): Rejection {
  const names = restricting.toSorted()
  const reason =
    names.length === 1
      ? `node(s) didn't satisfy plugin ${names[0]}`
      : `node(s) didn't satisfy plugin(s) [${names.join(' ')}] simultaneously`
  return { plugin: '', reasons: [reason], unresolvable: true }
}

/** The node that preemption made room on is tried first and taken when it does. */
function nominatedNode(cycle: Cycle): NodeInfo | undefined {
  const name = cycle.pod.status?.nominatedNodeName
  const node = name ? cycle.snapshot.node(name) : undefined
  return node?.node && !judgeNode(cycle, node) ? node : undefined
}

function feasibleRows(plugins: readonly SchedulerPlugin[], { nodeNames }: Prepared, cycle: Cycle): number[] {
  const { snapshot, filters } = cycle
  const candidates = nodeNames ? rowsOf(nodeNames, snapshot) : snapshot.rotation.rows()
  const mask = snapshot.presence.slice(0, snapshot.rowCount)
  for (const plugin of filters) plugin.filterColumns?.(cycle, mask)
  const perNode = filters.filter(plugin => !plugin.filterColumns)
  const contested = cycle.nominated.size > 0
  const fits = (row: number) => {
    const node = snapshot.nodeAt(row)!
    if (perNode.length > 0 && runFilters(perNode, cycle, node)) return false
    return !(contested && rivals(cycle, node).length > 0 && judgeNode(cycle, node))
  }
  const isSettled = perNode.length === 0 && !contested
  const wanted = plugins.some(isScorer) ? nodesToFind(candidates.length, cycle.percentage ?? 0) : 1
  const rows: number[] = []
  let judged = 0
  for (
    let at = snapshot.rotation.start();
    judged < candidates.length && rows.length < wanted;
    judged++, at++
  ) {
    const row = candidates[at % candidates.length]!
    if (mask[row] === 1 && (isSettled || fits(row))) rows.push(row)
  }
  snapshot.rotation.advance(judged)
  for (const plugin of filters) cycle.meter?.evaluated('Filter', plugin.name, judged)
  return rows
}

function rowsOf(names: ReadonlySet<string>, snapshot: ClusterSnapshot): number[] {
  const nodes = [...names].map(name => snapshot.node(name))
  return nodes.flatMap(found => (found?.node ? [found.row] : []))
}

function isScorer({ score, scoreColumns }: SchedulerPlugin): boolean {
  return score !== undefined || scoreColumns !== undefined
}

/** Only walked when nothing fits, so that the common case never builds reasons. */
function diagnose(plugins: readonly SchedulerPlugin[], prepared: Prepared, cycle: Cycle): FitFailure {
  const { nodeNames, restricting } = prepared
  const byNode = new Map<string, Rejection>()
  for (const info of cycle.snapshot.nodes()) {
    if (!info.node || (nodeNames && !nodeNames.has(info.name))) continue
    const rejection = judgeNode(cycle, info)
    if (rejection) byNode.set(info.name, rejection)
  }
  const causes = new Set([...byNode.values()].map(rejection => rejection.plugin))
  for (const name of restricting) causes.add(name)
  const reason = `node(s) didn't satisfy plugin(s) [${restricting.toSorted().join(' ')}]`
  const others: Rejection = {
    plugin: '',
    reasons: restricting.length > 0 ? [reason] : [],
    unresolvable: true,
  }
  return failure(plugins, cycle, { byNode, others }, causes)
}

function preFilterFailure(
  plugins: readonly SchedulerPlugin[],
  cycle: Cycle,
  { rejection }: Refused,
): FitFailure {
  const rejections: Rejections = { byNode: new Map(), others: rejection }
  const causes = new Set(rejection.plugin ? [rejection.plugin] : [])
  return failure(plugins, cycle, rejections, causes, `${rejection.reasons.join(', ')}.`)
}

function failure(
  plugins: readonly SchedulerPlugin[],
  cycle: Cycle,
  rejections: Rejections,
  causes: ReadonlySet<string>,
  reasons = histogram(rejections, cycle.snapshot.nodeCount),
): FitFailure {
  const { message, nominate } = measured(
    cycle,
    'PostFilter',
    () => postFilter(plugins, cycle, rejections),
    result => (result.nominate ? 'Success' : 'Unschedulable'),
  )
  const parts = [`0/${cycle.snapshot.nodeCount} nodes are available:`, reasons, message]
  return { message: parts.filter(Boolean).join(' '), plugins: causes, nominate }
}

function postFilter(
  plugins: readonly SchedulerPlugin[],
  cycle: Cycle,
  rejections: Rejections,
): { readonly message: string; readonly nominate: string | undefined } {
  const messages: string[] = []
  let nominate: string | undefined
  for (const plugin of plugins) {
    const result = plugin.postFilter?.(cycle, rejections)
    if (!result) continue
    if (result.ends) return { message: result.message ?? '', nominate: result.nominate }
    nominate = result.nominate ?? nominate
    if (result.message) messages.push(result.message)
  }
  return { message: messages.join(', '), nominate }
}

/** `2 Insufficient cpu, 1 node(s) were unschedulable.`, in the order of the text (FitError.Error). */
export function histogram({ byNode, others }: Rejections, nodeCount: number): string {
  const counts = new Map<string, number>()
  const count = (reason: string, by: number) => counts.set(reason, (counts.get(reason) ?? 0) + by)
  for (const { reasons } of byNode.values()) for (const reason of reasons) count(reason, 1)
  if (byNode.size < nodeCount) for (const reason of others.reasons) count(reason, nodeCount - byNode.size)
  const texts = [...counts].map(([reason, number]) => `${number} ${reason}`).sort()
  return texts.length > 0 ? `${texts.join(', ')}.` : ''
}

/** One of the rows that share the highest score. */
function pickHighest(total: Float64Array, rows: readonly number[], random: Random): number {
  let highest = Number.NEGATIVE_INFINITY
  let equals = 0
  for (let index = 0; index < rows.length; index++) {
    const score = total[rows[index]!]!
    if (score > highest) {
      highest = score
      equals = 1
    } else if (score === highest) equals++
  }
  let left = Math.floor(random.next() * equals)
  for (let index = 0; index < rows.length; index++)
    if (total[rows[index]!] === highest && left-- === 0) return rows[index]!
  return rows[0]!
}
