import { expect } from 'bun:test'
import { besideStock } from '../beside-stock.ts'
import { openStage } from '../stage.ts'
import { compareCase } from './compare.ts'
import { isListed } from './listed.ts'
import { policyCases } from './policy-cases.ts'
import { startRecorder } from './recorder.ts'
import { webhookCases } from './webhook-cases.ts'

async function openBoth() {
  await using opened = new AsyncDisposableStack()
  const recorder = await startRecorder()
  opened.defer(() => recorder.close())
  const stage = await openStage()
  opened.defer(() => stage.close())
  const kept = opened.move()
  return { recorder, stage, close: () => kept.disposeAsync() }
}

besideStock({
  subject: 'webhooks and policies',
  claim: 'are asked the same and answered the same, but for the listed differences',
  open: openBoth,
  async compare({ recorder, stage }) {
    const cases = [...webhookCases, ...policyCases]
    const unlisted: string[] = []
    let listed = 0
    for (const one of cases) {
      const places = await compareCase(recorder, stage, one)
      const open = places.filter(place => !isListed(one.name, place))
      listed += places.length - open.length
      unlisted.push(...open.map(place => `${one.name}: ${place}`))
    }
    console.log(`admission: ${cases.length} cases, ${unlisted.length} unlisted differences, ${listed} listed`)
    expect(unlisted).toEqual([])
  },
})
