import type { Random } from '../../std/ports.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import type { Cycle, Rejection, SchedulerPlugin } from './plugin.ts'

/** Where a pod goes, or why it goes nowhere. */
export type Verdict =
  | { readonly outcome: 'node'; readonly node: NodeInfo; readonly feasible: number }
  | { readonly outcome: 'none'; readonly failure: FitFailure }

/** Upstream's FitError: the message of FailedScheduling and the plugins whose events wake the pod. */
export interface FitFailure {
  readonly message: string
  readonly plugins: ReadonlySet<string>
}

/**
 * One scheduling cycle up to the choice of a node: PreFilter, Filter, PostFilter, PreScore, Score, and the best
 * node, by chance among equals. Every node is judged; upstream's sampling is not needed with columns.
 */
export function findNode(plugins: readonly SchedulerPlugin[], cycle: Cycle, random: Random): Verdict {
  const { snapshot } = cycle
  if (snapshot.nodeCount === 0)
    return {
      outcome: 'none',
      failure: { message: 'no nodes available to schedule pods', plugins: new Set() },
    }
  const prepared = preFilter(plugins, cycle)
  if ('rejection' in prepared)
    return { outcome: 'none', failure: preFilterFailure(cycle, prepared.rejection) }
  const rows = feasibleRows(prepared, cycle)
  if (rows.length === 0) return { outcome: 'none', failure: diagnose(plugins, prepared, cycle) }
  const row = rows.length === 1 ? rows[0]! : bestRow(plugins, cycle, rows, random)
  return { outcome: 'node', node: snapshot.nodeAt(row)!, feasible: rows.length }
}

interface Prepared {
  readonly filters: readonly SchedulerPlugin[]
  readonly nodeNames: ReadonlySet<string> | undefined
}

function preFilter(
  plugins: readonly SchedulerPlugin[],
  cycle: Cycle,
): Prepared | { readonly rejection: Rejection } {
  const filters: SchedulerPlugin[] = []
  let nodeNames: ReadonlySet<string> | undefined
  for (const plugin of plugins) {
    const result = plugin.preFilter?.(cycle)
    if (result?.outcome === 'reject') return { rejection: result.rejection }
    if (result?.outcome === 'skip') continue
    if (plugin.filter) filters.push(plugin)
    const names = result?.nodeNames
    if (names) nodeNames = nodeNames ? new Set([...nodeNames].filter(name => names.has(name))) : names
  }
  return { filters, nodeNames }
}

function feasibleRows({ filters, nodeNames }: Prepared, cycle: Cycle): number[] {
  const { snapshot } = cycle
  const mask = snapshot.presence.slice(0, snapshot.rowCount)
  if (nodeNames) {
    for (let row = 0; row < mask.length; row++) {
      if (mask[row] === 1 && !nodeNames.has(snapshot.nodeAt(row)!.name)) mask[row] = 0
    }
  }
  for (const plugin of filters) plugin.filterColumns?.(cycle, mask)
  const perNode = filters.filter(plugin => !plugin.filterColumns)
  const rows: number[] = []
  for (let row = 0; row < mask.length; row++) {
    if (mask[row] === 1 && !firstRejection(perNode, cycle, snapshot.nodeAt(row)!)) rows.push(row)
  }
  return rows
}

function firstRejection(
  filters: readonly SchedulerPlugin[],
  cycle: Cycle,
  node: NodeInfo,
): Rejection | undefined {
  for (const plugin of filters) {
    const rejection = plugin.filter!(cycle, node)
    if (rejection) return rejection
  }
  return undefined
}

/** Only walked when nothing fits, so that the common case never builds reasons. */
function diagnose(
  plugins: readonly SchedulerPlugin[],
  { filters, nodeNames }: Prepared,
  cycle: Cycle,
): FitFailure {
  const rejections = new Map<string, Rejection>()
  for (const info of cycle.snapshot.nodes()) {
    if (!info.node) continue
    const outside = nodeNames !== undefined && !nodeNames.has(info.name)
    const rejection = outside ? notAffine : firstRejection(filters, cycle, info)
    if (rejection) rejections.set(info.name, rejection)
  }
  const causes = new Set([...rejections.values()].map(rejection => rejection.plugin))
  const post = plugins.flatMap(plugin => plugin.postFilter?.(cycle, rejections) ?? [])
  const parts = [
    `0/${cycle.snapshot.nodeCount} nodes are available:`,
    histogram(rejections.values()),
    ...post,
  ]
  return { message: parts.filter(Boolean).join(' '), plugins: causes }
}

const notAffine: Rejection = {
  plugin: 'NodeAffinity',
  reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"],
  unresolvable: true,
}

function histogram(rejections: Iterable<Rejection>): string {
  const counts = new Map<string, number>()
  for (const { reasons } of rejections)
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return texts.length > 0 ? `${texts.join(', ')}.` : ''
}

function preFilterFailure(cycle: Cycle, rejection: Rejection): FitFailure {
  const message = `0/${cycle.snapshot.nodeCount} nodes are available: ${rejection.reasons.join(', ')}.`
  return { message, plugins: new Set([rejection.plugin]) }
}

function bestRow(
  plugins: readonly SchedulerPlugin[],
  cycle: Cycle,
  rows: readonly number[],
  random: Random,
): number {
  const total = new Float64Array(cycle.snapshot.rowCount)
  const scores = new Float64Array(cycle.snapshot.rowCount)
  for (const plugin of plugins) {
    if (!plugin.score && !plugin.scoreColumns) continue
    if (plugin.preScore?.(cycle, rows) === 'skip') continue
    if (plugin.scoreColumns) plugin.scoreColumns(cycle, rows, scores)
    else for (const row of rows) scores[row] = plugin.score!(cycle, cycle.snapshot.nodeAt(row)!)
    plugin.normalize?.(cycle, rows, scores)
    const weight = plugin.weight ?? 1
    for (const row of rows) total[row]! += scores[row]! * weight
  }
  return pickHighest(total, rows, random)
}

/** Reservoir sampling among the rows that share the highest score (schedule_one.go selectHost). */
function pickHighest(total: Float64Array, rows: readonly number[], random: Random): number {
  let best = rows[0]!
  let equals = 1
  for (const row of rows.slice(1)) {
    if (total[row]! > total[best]!) {
      best = row
      equals = 1
    } else if (total[row] === total[best]) {
      equals++
      if (random.next() * equals < 1) best = row
    }
  }
  return best
}
