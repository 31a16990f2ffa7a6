import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { stockMissing } from '../stage.ts'
import { consult } from './consult.ts'
import { openStage, type Stage } from './stage.ts'

/** `HUTCH_SCHEDULING_SEEDS=200 HUTCH_SCHEDULING_SEED=1000` takes more of them, or others. */
const seeds = Number(process.env.HUTCH_SCHEDULING_SEEDS ?? 6)
const firstSeed = Number(process.env.HUTCH_SCHEDULING_SEED ?? 1)

const missing = stockMissing()
if (missing) console.warn(`SKIP comparison with a stock scheduler: ${missing}`)

/** Building the stock programs takes minutes, once. */
const buildMs = 20 * 60_000
const seedMs = 120_000

describe.skipIf(missing !== undefined)('beside a stock scheduler', () => {
  let stage: Stage
  const sum = { placed: 0, refused: 0, preempted: 0 }
  beforeAll(async () => {
    stage = await openStage()
  }, buildMs)
  afterAll(async () => {
    console.log(
      `scheduling oracle: seeds ${firstSeed} to ${firstSeed + seeds - 1}, ${sum.placed} placed, ${sum.refused} refused, ${sum.preempted} preempted`,
    )
    await stage?.close()
  }, 60_000)

  test.each(Array.from({ length: seeds }, (_, index) => firstSeed + index))(
    'seed %i: same nodes, scores, messages, nominations and victims',
    async seed => {
      const outcome = await consult(stage, seed)
      for (const key of ['placed', 'refused', 'preempted'] as const) sum[key] += outcome[key]
      expect(outcome.differences).toEqual([])
      expect(outcome.placed + outcome.refused).toBeGreaterThan(0)
    },
    seedMs,
  )
})
