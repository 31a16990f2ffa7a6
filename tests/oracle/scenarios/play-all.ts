import { judge } from '../consult.ts'
import { compareSnapshots } from './compare.ts'
import { listedScenarios } from './listed.ts'
import type { Scenario } from './scenario.ts'
import type { Side } from './side.ts'
import { takeSnapshot } from './snapshot.ts'
import type { Stage } from './stage.ts'
import { perform, prepare } from './steps.ts'

/** Nothing has changed on either side for so long: upstream's slowest controller gathers changes for a second. */
const quietMs = 2_000
/** How long two sides that are quiet and not alike are given: the machine may be slow. */
const patienceMs = 45_000

/**
 * Plays all scenarios on both sides at the same time, each in its namespace; answers where they differ. One with a
 * difference that nobody listed is played once more: a race that ends one way once and the other way once is none.
 */
export async function playAll(stage: Stage, scenarios: readonly Scenario[]): Promise<string[]> {
  const first = await playEach(stage, scenarios)
  const isDoubtful = ({ name }: Scenario) => judge(first.get(name)!, listedScenarios).unlisted.length > 0
  const doubtful = scenarios.filter(isDoubtful)
  const again = doubtful.map(scenario => ({ ...scenario, name: `${scenario.name}-again` }))
  const second = await playEach(stage, again)
  return scenarios.flatMap(({ name }) => {
    const places = first.get(name)!
    const repeated = second.get(`${name}-again`)?.map(place => place.replaceAll(`${name}-again`, name))
    const stays = (place: string) =>
      repeated === undefined ||
      repeated.includes(place) ||
      judge([place], listedScenarios).unlisted.length === 0
    return places.filter(stays)
  })
}

/** By name of the scenario: where the sides differ. */
async function playEach(stage: Stage, scenarios: readonly Scenario[]): Promise<Map<string, string[]>> {
  const places = await Promise.all(
    scenarios.map(scenario =>
      play(stage, scenario).catch(error => [`${scenario.name} › broke: ${error?.message ?? error}`]),
    ),
  )
  return new Map(scenarios.map(({ name }, i) => [name, places[i]!]))
}

/** Step by step on both sides; at each `settle` they are compared as soon as both have come to rest. */
async function play({ ours, theirs }: Stage, scenario: Scenario): Promise<string[]> {
  const sides = [ours, theirs].map(side => ({ side, answers: [] as string[] }))
  await Promise.all(sides.map(({ side }) => prepare(side, scenario)))
  const places: string[] = []
  let settled = 0
  for (const step of scenario.steps) {
    if (step === 'settle') places.push(...(await settle(scenario, sides, ++settled)))
    else await Promise.all(sides.map(({ side, answers }) => perform(side, scenario.name, step, answers)))
  }
  return places
}

interface Player {
  readonly side: Side
  readonly answers: readonly string[]
}

async function settle(scenario: Scenario, players: readonly Player[], count: number): Promise<string[]> {
  const startMs = performance.now()
  // What was asked for last must have had time to begin.
  await Bun.sleep(quietMs)
  for (;;) {
    const isQuiet = players.every(
      ({ side }) => performance.now() - side.lastChangeMs(scenario.name) >= quietMs,
    )
    const isLate = performance.now() - startMs > patienceMs
    if (isQuiet || isLate) {
      const [mine, other] = players.map(({ side, answers }) => takeSnapshot(side, scenario.name, answers))
      const found = compareSnapshots(scenario, mine!, other!).map(
        place => `${scenario.name} @${count} › ${place}`,
      )
      if (isLate || judge(found, listedScenarios).unlisted.length === 0) return found
    }
    await Bun.sleep(500)
  }
}
