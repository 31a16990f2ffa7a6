#!/usr/bin/env bun
/**
 * Plays scenarios on Hutch and on a stock control plane and compares what came of them.
 *
 *   bun run tests/oracle/scenarios/run.ts [--only TEXT,…] [--listed]
 */
import { parseArgs } from 'node:util'
import { judge, listedLines, sumOf } from '../consult.ts'
import { listedScenarios } from './listed.ts'
import { playAll } from './play-all.ts'
import { allScenarios } from './scenario.ts'
import { openStage } from './stage.ts'

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, listed: { type: 'boolean', default: false } },
})
const stage = await openStage({ hasMetrics: true })
const places = await playAll(
  stage,
  allScenarios().filter(({ name }) => values.only.split(',').some(part => name.includes(part))),
).finally(() => stage.close())
const { unlisted, listed } = judge(places, listedScenarios)
for (const place of unlisted) console.log(place)
if (values.listed) for (const line of listedLines(listed)) console.log(line)
console.log(`scenarios: ${unlisted.length} unlisted differences, ${sumOf(listed)} listed`)
process.exitCode = unlisted.length > 0 ? 1 : 0
