import { expect, test } from 'bun:test'
import { besideStock } from '../beside-stock.ts'
import { openStage } from '../stage.ts'
import { compareCase, comparePlayed } from './compare.ts'
import { isListed } from './listed.ts'
import { policyCases } from './policy-cases.ts'
import { startRecorder } from './recorder.ts'
import { webhookCases } from './webhook-cases.ts'

const review = (path: string, name: string) => ({ path, review: { request: { name } } })
const played = {
  answers: [{ status: 201, headers: { warning: '299 - "w"' }, body: { data: { a: 'b' } } }],
  asked: [review('/allow', 'm'), review('/deny', 'm')],
}
const [answered] = played.answers

test.each([
  ['an answer', { answers: [{ ...answered, status: 403 }] }, '.answers.0.status: 201 | 403'],
  [
    'a warning',
    { answers: [{ ...answered, headers: {} }] },
    '.answers.0.headers.warning: "299 - \\"w\\"" | absent',
  ],
  [
    'what came of a patch',
    { answers: [{ ...answered, body: { data: { a: 'c' } } }] },
    '.answers.0.body.data.a: "b" | "c"',
  ],
  [
    'what a webhook was asked',
    { asked: [review('/allow', 'm'), review('/deny', 'n')] },
    '.asked.1.review.request.name: "m" | "n"',
  ],
  [
    'a webhook that was not asked',
    { asked: [review('/allow', 'm')] },
    '.asked.1: {"path":"/deny","review":{"request":{"name":"m"}}} | absent',
  ],
])('the comparer sees a planted difference: %s', (_sort, change, place) => {
  const other = { ...played, ...change } as typeof played
  expect(comparePlayed(played, other)).toEqual([place])
  expect(comparePlayed(other, other)).toEqual([])
})

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
