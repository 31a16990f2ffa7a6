import { only } from '../config/fields.ts'
import type { Handle, PluginArgs } from '../framework/handle.ts'
import type { SchedulerPlugin } from '../framework/plugin.ts'
import { checkWeights } from './resource-score-args.ts'
import { balanced, cpuAndMemory, isPlain, type ResourceWeight, scoreResources } from './resource-scores.ts'

/** Favours nodes whose resources would be used to a like degree. Pods that ask nothing of them have no say. */
export function nodeResourcesBalancedAllocation(_: Handle, args: PluginArgs): SchedulerPlugin {
  const { resources: weights = cpuAndMemory } = args as { resources?: readonly ResourceWeight[] }
  const names = new Set(weights.map(({ name }) => name))
  const plain = isPlain(weights)
  return {
    name: 'NodeResourcesBalancedAllocation',
    weight: 1,
    preScore({ resources }) {
      const { milliCpu, memory, ephemeralStorage, scalars } = resources
      const asked = new Map([
        ...scalars,
        ['cpu', milliCpu],
        ['memory', memory],
        ['ephemeral-storage', ephemeralStorage],
      ])
      return [...names].some(resource => asked.get(resource)) ? undefined : 'skip'
    },
    scoreColumns(cycle, rows, scores) {
      if (!plain) return scoreResources(cycle, rows, scores, { weights, scorer: balanced, assumed: false })
      const { balanceScores } = cycle.snapshot.columns
      for (const row of rows) scores[row] = balanceScores[row]!
    },
  }
}

nodeResourcesBalancedAllocation.check = (args: PluginArgs, path: string) => {
  only(args, ['resources'], path)
  checkWeights(args.resources, `${path}resources`, 1)
}
