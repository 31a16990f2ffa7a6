#!/usr/bin/env bun
/**
 * Sends the same requests to Hutch and to a stock control plane and compares the answers field by field.
 *
 *   bun run tests/oracle/run.ts HUTCH_KUBECONFIG STOCK_KUBECONFIG [--only TEXT]
 */
import { allCases, consultOracle } from './consult.ts'
import { opening } from './general-cases.ts'
import { sideOf } from './side.ts'

const [ours, theirs, flag, only] = process.argv.slice(2)
const cases = allCases().filter(
  one => flag !== '--only' || one.name.includes(only ?? '') || opening.includes(one),
)
const verdict = await consultOracle(sideOf(ours!), sideOf(theirs!), cases)
for (const place of verdict.unlisted) console.log(place)
console.log(
  `oracle: ${verdict.cases} cases, ${verdict.unlisted.length} unlisted differences, ${verdict.listed} listed`,
)
