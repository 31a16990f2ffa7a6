import { measured } from './meter.ts'
import type { Cycle, SchedulerPlugin } from './plugin.ts'

/** The weighted sum of all plugins' scores, by row; only `rows` are filled. Valid until the next cycle. */
export function scoreRows(
  plugins: readonly SchedulerPlugin[],
  cycle: Cycle,
  rows: readonly number[],
): Float64Array {
  const scorers = measured(cycle, 'PreScore', () => preScored(plugins, cycle, rows))
  return measured(cycle, 'Score', () => weigh(scorers, cycle, rows))
}

/** The plugins that have a score for this pod. */
function preScored(
  plugins: readonly SchedulerPlugin[],
  cycle: Cycle,
  rows: readonly number[],
): readonly SchedulerPlugin[] {
  const scorers: SchedulerPlugin[] = []
  for (const plugin of plugins) {
    if (!plugin.score && !plugin.scoreColumns) continue
    if (plugin.preScore) {
      cycle.meter?.evaluated('PreScore', plugin.name, 1)
      if (plugin.preScore(cycle, rows) === 'skip') continue
    }
    scorers.push(plugin)
  }
  return scorers
}

/** Of the cycle under way: cycles are synchronous, so one after the other has them. */
let scratch = { total: new Float64Array(0), scores: new Float64Array(0) }

function weigh(scorers: readonly SchedulerPlugin[], cycle: Cycle, rows: readonly number[]): Float64Array {
  const { rowCount } = cycle.snapshot
  if (scratch.total.length < rowCount)
    scratch = { total: new Float64Array(2 * rowCount), scores: new Float64Array(2 * rowCount) }
  const { total, scores } = scratch
  for (let index = 0; index < rows.length; index++) total[rows[index]!] = 0
  for (const plugin of scorers) {
    cycle.meter?.evaluated('Score', plugin.name, rows.length)
    if (plugin.scoreColumns) plugin.scoreColumns(cycle, rows, scores)
    else for (const row of rows) scores[row] = plugin.score!(cycle, cycle.snapshot.nodeAt(row)!)
    plugin.normalize?.(cycle, rows, scores)
    const weight = plugin.weight ?? 1
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index]!
      total[row]! += scores[row]! * weight
    }
    if (cycle.told) for (const row of rows) cycle.told(plugin.name, row, scores[row]! * weight)
  }
  return total
}
