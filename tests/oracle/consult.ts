import type { OracleCase } from './case.ts'
import { customCases } from './custom-cases.ts'
import { depthCases } from './depth-cases.ts'
import { generalCases, opening } from './general-cases.ts'
import { kindCases } from './kind-cases.ts'
import { listed } from './listed.ts'
import { differences } from './normalize.ts'
import type { Side } from './side.ts'

/** All cases in the order in which they must run. */
export function allCases(): OracleCase[] {
  return [...opening, ...generalCases, ...depthCases, ...customCases, ...kindCases()]
}

export interface Verdict {
  readonly cases: number
  readonly unlisted: readonly string[]
  readonly listed: number
}

/** Runs the cases one after the other on both sides at once. */
export async function consultOracle(
  ours: Side,
  theirs: Side,
  cases: readonly OracleCase[],
): Promise<Verdict> {
  const unlisted: string[] = []
  let known = 0
  for (const one of cases) {
    const [a, b] = await Promise.all([ours.ask(one), theirs.ask(one)]).catch(error => {
      throw new Error(`no answer to "${one.name}"`, { cause: error })
    })
    for (const difference of differences(a, b)) {
      const place = `${one.name} › ${difference}`
      if (listed.some(entry => entry.place.test(place))) known++
      else unlisted.push(place)
    }
  }
  return { cases: cases.length, unlisted, listed: known }
}
