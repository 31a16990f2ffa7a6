import { expect, test } from 'bun:test'
import { besideStock, expectListed } from '../beside-stock.ts'
import { openStage } from '../scenarios/stage.ts'
import { Words } from '../scenarios/words.ts'
import { stockPrograms } from '../stage.ts'
import { listedScreens } from './listed.ts'
import { playTranscripts } from './play.ts'
import { compareScreens, plainScreen } from './screen.ts'
import { allTranscripts, isRead, lineOf } from './transcript.ts'

const shown = { exitCode: 0, stdout: 'NAME   AGE\nweb    5s\n', stderr: '' }
const screen = (change: Partial<typeof shown> = {}) => plainScreen({ ...shown, ...change }, new Words())

test.each([
  ['a word', { stdout: 'NAME   AGE\nweb2   5s\n' }, ['"web  <age>" | "web2  <age>"']],
  ['a missing line', { stdout: 'NAME   AGE\n' }, ['"web  <age>" | absent']],
  ['an error', { stderr: 'error: no' }, ['absent | "! error: no"']],
  ['how it ended', { exitCode: 1 }, ['absent | "exit 1"']],
  ['the order', { stdout: 'web    5s\nNAME   AGE\n' }, ['the order of lines']],
])('the comparer sees a planted difference: %s', (_sort, change, places) => {
  expect(compareScreens(screen(), screen(change))).toEqual(places)
  expect(compareScreens(screen(change), screen(change))).toEqual([])
})

test('what each run chooses anew is no difference', () => {
  const one = screen({ stdout: 'NAME     AGE\np-x      5s    https://127.0.0.1:4567 31234\n' })
  expect(one).toEqual(
    screen({ stdout: 'NAME AGE\np-x   1m20s  https://127.0.0.1:99 30001\n' }).map(line =>
      line.replace('NAME AGE', 'NAME  AGE'),
    ),
  )
})

test('only lines that change nothing are typed again', () => {
  const isAgain = (type: string) => isRead(lineOf(type))
  expect(
    ['get pods', 'describe pod x', 'rollout status deploy/x', 'auth can-i get pods'].every(isAgain),
  ).toBe(true)
  expect(
    ['rollout undo deploy/x', 'apply -f x', 'auth reconcile -f x', '$ kubectl get pods'].some(isAgain),
  ).toBe(false)
})

besideStock({
  subject: 'kubectl',
  claim: 'kubectl prints the same, line for line, but for the listed differences',
  open: openStage,
  async compare(stage) {
    const { lines, places } = await playTranscripts(stage, allTranscripts(), { programs: stockPrograms })
    expectListed(`kubectl: ${lines} lines`, places, listedScreens)
  },
  limitMs: 30 * 60_000,
})
