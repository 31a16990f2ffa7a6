import { compareSnapshots } from './compare.ts'
import type { Scenario } from './scenario.ts'
import type { Stage } from './stage.ts'
import { play } from './steps.ts'

/** Plays all scenarios on both sides at the same time, each in its namespace; answers where they differ. */
export async function playAll({ ours, theirs }: Stage, scenarios: readonly Scenario[]): Promise<string[]> {
  const places = await Promise.all(
    scenarios.map(async scenario => {
      const outcomes = await Promise.allSettled([play(ours, scenario), play(theirs, scenario)])
      const broken = outcomes.flatMap((outcome, index) =>
        outcome.status === 'rejected'
          ? [`${scenario.name} › ${index === 0 ? 'ours' : 'theirs'} broke: ${outcome.reason}`]
          : [],
      )
      if (broken.length > 0) return broken
      const [mine, other] = outcomes.map(outcome => (outcome.status === 'fulfilled' ? outcome.value : []))
      return compareSnapshots(scenario, mine!, other!)
    }),
  )
  return places.flat()
}
