import { describe, expect, test } from 'bun:test'
import { besideStock, expectListed } from '../beside-stock.ts'
import { openStage } from '../scenarios/stage.ts'
import { Words } from '../scenarios/words.ts'
import { stockPrograms } from '../stock.ts'
import { listedScreens } from './listed.ts'
import { playerOn, playUntilSure } from './play-until-sure.ts'
import { compareScreens, plainScreen } from './screen.ts'
import { allTranscripts, isRead, lineOf, linesOf, type Transcript } from './transcript.ts'

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

test('what changed of a pod is for people, that it may not is compared', () => {
  const refused =
    'The Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than `x`\n'
  const one = screen({
    stderr: `${refused}  core.PodSpec{\n- \tA: 1,\n\n  \t... // 3 identical fields\n  }\n`,
  })
  expect(one).toEqual(screen({ stderr: `${refused}spec.env, spec.nodeName\n` }))
  expect(one).not.toEqual(screen({ stderr: refused }))
  expect(one).not.toEqual(screen({ stderr: `${refused}spec.env\n* spec.a: Required value\n` }))
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

describe('a transcript that differs is played again', () => {
  const transcripts: Transcript[] = ['a', 'b'].map(name => ({ name, lines: ['one', 'two'] }))
  /** Plays with these lines of `b` unlike. */
  const player = (...plays: readonly number[][]) => {
    const played: string[] = []
    const play = async (chosen: readonly Transcript[]) => {
      const unlike = plays[played.length] ?? []
      played.push(chosen.map(({ name }) => name).join())
      return chosen.map(({ name, lines }) =>
        lines.map((line, i) => (name === 'b' && unlike.includes(i) ? [`b: ${line} › "x" | "y"`] : [])),
      )
    }
    return { played, places: playUntilSure(play, transcripts, () => {}) }
  }

  test('and a planted difference stays', async () => {
    const { played, places } = player([1], [0, 1], [1])
    expect(await places).toEqual(['b: two › "x" | "y"'])
    expect(played).toEqual(['a,b', 'b', 'b'])
  })

  test('and races that end unlike once are forgotten', async () => {
    const { played, places } = player([0, 1], [0], [1])
    expect(await places).toEqual([])
    expect(played).toEqual(['a,b', 'b', 'b'])
  })

  test('but none that is alike at once', async () => {
    const { played, places } = player([])
    expect(await places).toEqual([])
    expect(played).toEqual(['a,b'])
  })
})

besideStock({
  subject: 'kubectl',
  claim: 'kubectl prints the same, line for line, but for the listed differences',
  open: openStage,
  async compare(stage) {
    const transcripts = allTranscripts()
    const places = await playUntilSure(playerOn(stage, { programs: stockPrograms }), transcripts)
    expectListed(`kubectl: ${linesOf(transcripts)} lines`, places, listedScreens)
  },
  limitMs: 30 * 60_000,
})
