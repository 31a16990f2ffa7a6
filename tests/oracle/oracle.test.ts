import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { allTracks, consultOracle, idle, judge, lastLine } from './consult.ts'
import { differences } from './normalize.ts'
import { openStage, type Stage, stockMissing } from './stage.ts'

const answer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: { metadata: { name: 'x' }, spec: { size: 1, list: ['a', 'b'] } },
}

test.each([
  ['a status', { ...answer, status: 201 }, '.status: 200 | 201'],
  ['a header', { ...answer, headers: {} }, '.headers.content-type: "application/json" | absent'],
  [
    'a missing field',
    { ...answer, body: { spec: answer.body.spec } },
    '.body.metadata: {"name":"x"} | absent',
  ],
  ['an extra field', { ...answer, body: { ...answer.body, more: true } }, '.body.more: absent | true'],
  [
    'a wrong value',
    { ...answer, body: { ...answer.body, spec: { ...answer.body.spec, size: 2 } } },
    '.body.spec.size: 1 | 2',
  ],
  [
    'the length of a list',
    { ...answer, body: { ...answer.body, spec: { ...answer.body.spec, list: ['a'] } } },
    '.body.spec.list.1: "b" | absent',
  ],
  ['null for absent', { ...answer, body: { ...answer.body, more: null } }, '.body.more: absent | null'],
])('the comparer sees a planted difference: %s', (_sort, theirs, place) => {
  expect(differences(answer, theirs)).toEqual([place])
  expect(differences(answer, structuredClone(answer))).toEqual([])
})

test('a listed difference is counted, another is not excused by it, and an entry without work is told', () => {
  const list = [
    { place: /^a ›/, reason: 'known' },
    { place: /^b /, reason: 'mended' },
  ]
  const verdict = { cases: 2, ...judge(['a › .status: 1 | 2', 'c › .status: 1 | 2'], list) }
  expect(verdict.unlisted).toEqual(['c › .status: 1 | 2'])
  expect(lastLine(verdict)).toBe('oracle: 2 cases, 1 unlisted differences, 1 listed')
  expect(idle(verdict)).toEqual(['/^b /'])
})

const missing = stockMissing()
if (missing) console.warn(`SKIP comparison with a stock control plane: ${missing}`)

/** Building the stock programs takes minutes, once. */
const buildMs = 20 * 60_000
const runMs = 5 * 60_000

describe.skipIf(missing !== undefined)('beside a stock control plane', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  }, buildMs)
  afterAll(() => stage?.close(), 60_000)

  test(
    'Hutch answers every case as it does, but for the listed differences',
    async () => {
      const verdict = await consultOracle(stage.ours, stage.theirs, allTracks())
      console.log(lastLine(verdict))
      expect(verdict.unlisted).toEqual([])
      expect(idle(verdict)).toEqual([])
    },
    runMs,
  )
})
