import type { SchedulerPlugin } from '../framework/plugin.ts'

/** Favours nodes whose CPU and memory would be used to a like degree. Pods that ask nothing have no say. */
export const nodeResourcesBalancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  preScore: ({ resources }) => (resources.milliCpu === 0 && resources.memory === 0 ? 'skip' : undefined),
  scoreColumns({ snapshot }, rows, scores) {
    const { balanceScores } = snapshot.columns
    for (const row of rows) scores[row] = balanceScores[row]!
  },
}
