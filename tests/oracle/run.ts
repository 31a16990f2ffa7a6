#!/usr/bin/env bun
/**
 * Sends the same requests to Hutch and to a stock control plane and compares the answers field by field.
 *
 *   bun run tests/oracle/run.ts HUTCH_KUBECONFIG STOCK_KUBECONFIG [--only TEXT] [--quiet]
 */
import type { OracleCase } from './case.ts'
import { generalCases, opening } from './general-cases.ts'
import { kindCases } from './kind-cases.ts'
import { listed } from './listed.ts'
import { differences } from './normalize.ts'
import { type Side, sideOf } from './side.ts'

/** All cases in the order in which they must run. */
export function allCases(): OracleCase[] {
  return [...opening, ...generalCases, ...kindCases()]
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
    const [a, b] = await Promise.all([ours.ask(one), theirs.ask(one)])
    for (const difference of differences(a, b)) {
      const place = `${one.name} › ${difference}`
      if (listed.some(entry => entry.place.test(place))) known++
      else unlisted.push(place)
    }
  }
  return { cases: cases.length, unlisted, listed: known }
}

if (import.meta.main) {
  const [ours, theirs, flag, only] = process.argv.slice(2)
  const cases = allCases().filter(
    one => flag !== '--only' || one.name.includes(only ?? '') || one.name.startsWith('create the namespace'),
  )
  const verdict = await consultOracle(sideOf(ours!), sideOf(theirs!), cases)
  for (const place of verdict.unlisted) console.log(place)
  console.log(
    `oracle: ${verdict.cases} cases, ${verdict.unlisted.length} unlisted differences, ${verdict.listed} listed`,
  )
}
