import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judge } from '../consult.ts'
import type { Stage } from '../scenarios/stage.ts'
import { prepare } from '../scenarios/steps.ts'
import { listedScreens } from './listed.ts'
import { comeToRest } from './rest.ts'
import { compareScreens, plainScreen } from './screen.ts'
import { openTerminal, type Printed } from './terminal.ts'
import { isRead, type Line, lineOf, type Transcript } from './transcript.ts'

/** How long a reading line is typed again while the screens differ: what it reads of may be on its way. */
const patienceMs = 20_000
/** How long the names that a line has made may be on their way here once everything has come to rest. */
const namesPatienceMs = 5_000
const pauseMs = 400
/** Enough to keep both servers busy while one kubectl starts and others wait for a rest. */
const transcriptsAtOnce = 5

/** By line of a transcript: where the screens differ, as `transcript: line › ours | theirs`. */
export type Places = readonly (readonly string[])[]

export interface PlayOptions {
  /** The folder of the kubectl to use. */
  readonly programs: string
  /** Hears of each difference at once. */
  readonly tell?: (place: string) => void
}

/** Types all transcripts into both clusters, each in its namespace, and tells where the screens of each differ. */
export async function playTranscripts(
  stage: Stage,
  transcripts: readonly Transcript[],
  options: PlayOptions,
): Promise<Places[]> {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-kubectl-'))
  const waiting = transcripts
    .map((transcript, index) => ({ transcript, index }))
    // The longest first: none is left to run alone.
    .toSorted((a, b) => b.transcript.lines.length - a.transcript.lines.length)
  const places: Places[] = []
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      places[next.index] = await play(stage, next.transcript, { directory, ...options })
  }
  await Promise.all(Array.from({ length: transcriptsAtOnce }, worker)).finally(() =>
    rmSync(directory, { recursive: true, force: true }),
  )
  return places
}

interface Pair {
  type(line: Line): Promise<readonly Printed[]>
  /** Where the screens differ, by the words that the clusters are known to have chosen by now. */
  compare(printed: readonly Printed[], line: Line): string[]
  /** See `comeToRest`. */
  rest(sinceMs: number): Promise<void>
}

async function play(
  stage: Stage,
  transcript: Transcript,
  { directory, programs, tell }: PlayOptions & { directory: string },
): Promise<Places> {
  const { name } = transcript
  await Promise.all([stage.ours, stage.theirs].map(side => prepare(side, { name, steps: [] })))
  const pair = openPair(stage, transcript, { directory, programs })
  const places: string[][] = []
  for (const line of transcript.lines.map(lineOf)) {
    const found = await typeUntilAlike(pair, line, place => `${name}: ${line.type} › ${place}`)
    places.push(found)
    if (tell) found.forEach(tell)
  }
  return places
}

function openPair(
  { ours, theirs }: Stage,
  transcript: Transcript,
  { directory, programs }: { directory: string; programs: string },
): Pair {
  const sides = [
    { side: ours, folder: 'ours' },
    { side: theirs, folder: 'theirs' },
  ].map(({ side, folder }) => {
    const place = {
      kubeconfig: side.kubeconfig,
      directory: join(directory, folder, transcript.name),
      programs,
    }
    return { side, terminal: openTerminal(place, transcript) }
  })
  return {
    type: line => Promise.all(sides.map(({ terminal }) => terminal.type(line))),
    compare(printed, line) {
      const [mine, other] = printed.map((each, i) => plainScreen(each, sides[i]!.side.words(transcript.name)))
      return compareScreens(mine!, other!, line.unordered)
    },
    rest: sinceMs => comeToRest([ours, theirs], transcript.name, sinceMs),
  }
}

async function typeUntilAlike(pair: Pair, line: Line, placeOf: (place: string) => string): Promise<string[]> {
  if (line.afterMs) await Bun.sleep(line.afterMs)
  const startMs = performance.now()
  let printed = await pair.type(line)
  if (!isRead(line)) await pair.rest(startMs)
  const restMs = performance.now()
  for (;;) {
    const found = pair.compare(printed, line).map(placeOf)
    const isLate = isRead(line)
      ? performance.now() - startMs > patienceMs
      : performance.now() - restMs > namesPatienceMs
    if (isLate || judge(found, listedScreens).unlisted.length === 0) return found
    await Bun.sleep(pauseMs)
    if (isRead(line)) printed = await pair.type(line)
  }
}
