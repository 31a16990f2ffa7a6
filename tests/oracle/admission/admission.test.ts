import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openStage, type Stage, stockMissing } from '../stage.ts'
import { compareCase } from './compare.ts'
import { isListed } from './listed.ts'
import { policyCases } from './policy-cases.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { webhookCases } from './webhook-cases.ts'

const missing = stockMissing()
if (missing) console.warn(`SKIP admission beside a stock control plane: ${missing}`)

/** Building the stock programs takes minutes, once. */
const buildMs = 20 * 60_000
const runMs = 15 * 60_000

describe.skipIf(missing !== undefined)('webhooks and policies beside a stock control plane', () => {
  let stage: Stage
  let recorder: Recorder
  beforeAll(async () => {
    recorder = await startRecorder()
    stage = await openStage()
  }, buildMs)
  afterAll(async () => {
    recorder?.close()
    await stage?.close()
  }, 60_000)

  test(
    'are asked the same and answered the same, but for the listed differences',
    async () => {
      const cases = [...webhookCases, ...policyCases]
      const unlisted: string[] = []
      let listed = 0
      for (const one of cases) {
        const places = await compareCase(recorder, stage, one)
        const open = places.filter(place => !isListed(one.name, place))
        listed += places.length - open.length
        unlisted.push(...open.map(place => `${one.name}: ${place}`))
      }
      console.log(
        `admission: ${cases.length} cases, ${unlisted.length} unlisted differences, ${listed} listed`,
      )
      expect(unlisted).toEqual([])
    },
    runMs,
  )
})
