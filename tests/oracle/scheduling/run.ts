#!/usr/bin/env bun
/** `bun run tests/oracle/scheduling/run.ts --seed 7 --seeds 50`: the seeds 7 … 56 against a stock scheduler. */
import { parseArgs } from 'node:util'
import { consult } from './consult.ts'
import { openStage } from './stage.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, seeds: { type: 'string', default: '1' } },
})
const first = Number(values.seed)
const stage = await openStage()
let different = 0
try {
  for (let seed = first; seed < first + Number(values.seeds); seed++) {
    const { differences, placed, refused, preempted } = await consult(stage, seed)
    console.log(`seed ${seed}: ${placed} placed, ${refused} refused, ${preempted} preempted`)
    for (const difference of differences) console.log(`  ${difference}`)
    different += differences.length
  }
} finally {
  await stage.close()
}
console.log(`${different} differences`)
process.exit(different > 0 ? 1 : 0)
