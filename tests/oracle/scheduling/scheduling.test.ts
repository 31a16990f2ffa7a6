import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { stockMissing } from '../stock.ts'
import { consult } from './consult.ts'
import { ourAnswer } from './ours.ts'
import { openStage, type Stage } from './stage.ts'

/** `HUTCH_SCHEDULING_SEEDS=200 HUTCH_SCHEDULING_SEED=1000` takes more of them, or others. */
const seeds = Number(process.env.HUTCH_SCHEDULING_SEEDS ?? 6)
const firstSeed = Number(process.env.HUTCH_SCHEDULING_SEED ?? 1)

/** In its cluster pods are placed, refused and preempted. */
const plantedSeed = 2041

const missing = stockMissing()
if (missing) console.warn(`SKIP comparison with a stock scheduler: ${missing}`)

/** Building the stock programs takes minutes, once. */
const buildMs = 20 * 60_000
const seedMs = 600_000

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
  }, 240_000)

  test(
    'the comparer sees a planted difference of each sort',
    async () => {
      const answer: typeof ourAnswer = async (observed, pod) => {
        const { best, message, nominated, victims, scores } = await ourAnswer(observed, pod)
        const wrong = new Map([...scores].map(([plugin, byNode]) => [plugin, new Map([...byNode].slice(1))]))
        const isRefused = /[13579]$/.test(pod.metadata.name!)
        return {
          best: isRefused ? [] : best.map(node => `not-${node}`),
          message: message && `${message} Or so.`,
          nominated: nominated && `not-${nominated}`,
          // All of the right ones, for they are waited for.
          victims: [...victims, 'blue/nobody'],
          scores: wrong,
        }
      }
      const { differences, preempted } = await consult(stage, plantedSeed, { answer, prefix: 'planted' })
      const whenMade = preempted > 0 ? ['nominated', 'victims', 'promised'] : []
      const sorts = ['verdict', 'best', 'message', 'scores of', ...whenMade]
      for (const sort of sorts) expect(differences.some(text => text.includes(`: ${sort}`))).toBe(true)
    },
    seedMs,
  )

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
