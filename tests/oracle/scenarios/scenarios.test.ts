import { expect, test } from 'bun:test'
import { besideStock, expectListed } from '../beside-stock.ts'
import { compareSnapshots } from './compare.ts'
import { listedScenarios } from './listed.ts'
import { playAll } from './play-all.ts'
import { allScenarios } from './scenario.ts'
import type { Snapshot } from './snapshot.ts'
import { openStage } from './stage.ts'
import { Words } from './words.ts'

const scenario = { name: 's', ordered: 'Pod', steps: [] } as const

function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    objects: new Map([['Pod p', [{ status: { phase: 'Running' } }]]]),
    events: new Map([['Pod p ← x: Normal Scheduled: here', 'once']]),
    answers: ['evicted'],
    trace: new Map([['Pod', [{ text: 'p comes' }, { text: 'q comes' }]]]),
    ...changes,
  }
}

test.each([
  [
    'another state',
    { objects: new Map([['Pod p', [{ status: { phase: 'Failed' } }]]]) },
    'Pod p status.phase: "Running" | "Failed"',
  ],
  [
    'another owner',
    {
      objects: new Map([
        ['Pod p', [{ status: { phase: 'Running' }, metadata: { ownerReferences: [{ kind: 'Job' }] } }]],
      ]),
    },
    'Pod p metadata: absent | {"ownerReferences":[{"kind":"Job"}]}',
  ],
  ['a missing object', { objects: new Map() }, 'Pod p: 1 of them | 0'],
  [
    'an event that comes often',
    { events: new Map([['Pod p ← x: Normal Scheduled: here', 'often']]) },
    'event Pod p ← x: Normal Scheduled: here: once | often',
  ],
  ['an event that was not', { events: new Map() }, 'event Pod p ← x: Normal Scheduled: here: once | never'],
  ['another answer', { answers: ['429'] }, 'answers.0: "evicted" | "429"'],
  [
    'another order',
    { trace: new Map([['Pod', [{ text: 'p comes' }, { text: 'r comes' }]]]) },
    'trace.1: "q comes" | "r comes"',
  ],
] as const)('the comparer sees a planted difference: %s', (_sort, change, place) => {
  const other = snapshot(change as Partial<Snapshot>)
  expect(compareSnapshots(scenario, snapshot(), other)).toEqual([place])
  expect(compareSnapshots(scenario, other, other)).toEqual([])
})

test('what each run chooses anew is called by the same words', () => {
  const run = (hash: string, suffix: string) => {
    const words = new Words()
    words.see('ReplicaSet', { metadata: { name: `web-${hash}`, labels: { 'pod-template-hash': hash } } })
    words.see('Pod', { metadata: { generateName: `web-${hash}-`, name: `web-${hash}-${suffix}` } })
    return words.rename(`Created pod: web-${hash}-${suffix} at 2026-01-01T00:00:00Z on 10.1.2.3`)
  }
  expect(run('5d4f', 'x2k9z')).toBe('Created pod: web-<hash 1>-<suffix> at <time> on <ip>')
  expect(run('77bc', 'q8wrt')).toBe(run('5d4f', 'x2k9z'))
})

besideStock({
  subject: 'scenarios',
  claim: 'every scenario comes to the same end, with the same events',
  open: () => openStage({ hasMetrics: true }),
  async compare(stage) {
    expectListed('scenarios', await playAll(stage, allScenarios()), listedScenarios)
  },
})
