import { judge } from '../consult.ts'
import { openStage, type Stage } from '../scenarios/stage.ts'
import { listedScreens } from './listed.ts'
import { type Places, type PlayOptions, playTranscripts } from './play.ts'
import type { Transcript } from './transcript.ts'

/** A race that ends one way once and the other way once is no difference: it hardly ends unlike so many times. */
const playsMax = 3

/** Types transcripts once, on clusters that have not seen them: places by line, transcript by transcript. */
export type Player = (transcripts: readonly Transcript[]) => Promise<Places[]>

/**
 * Plays all transcripts; those with a difference that nobody listed are played again, whole. A line counts that
 * differs in every play, with what its last play showed.
 */
export async function playUntilSure(
  player: Player,
  transcripts: readonly Transcript[],
  tell: (text: string) => void = console.log,
): Promise<string[]> {
  let places = await player(transcripts)
  for (let plays = 1; plays < playsMax; plays++) {
    const doubtful = transcripts.filter((_, i) => places[i]!.some(isDoubtful))
    if (doubtful.length === 0) break
    const unlike = places.flatMap(each => each.filter(isDoubtful).flat())
    tell(`kubectl: played again for\n${unlike.join('\n')}`)
    const again = new Map((await player(doubtful)).map((each, i) => [doubtful[i]!, each]))
    places = places.map((each, i) => confirmed(each, again.get(transcripts[i]!)))
  }
  return places.flat(2)
}

function isDoubtful(places: readonly string[]): boolean {
  return judge(places, listedScreens).unlisted.length > 0
}

function confirmed(before: Places, again: Places | undefined): Places {
  return again ? before.map((places, line) => (isDoubtful(places) ? again[line]! : places)) : before
}

/** Plays on a stage first, then on new ones: what a transcript leaves behind would change what it meets. */
export function playerOn(first: Stage, options: PlayOptions): Player {
  let stages = 0
  return async transcripts => {
    if (stages++ === 0) return await playTranscripts(first, transcripts, options)
    const stage = await openStage()
    return await playTranscripts(stage, transcripts, options).finally(() => stage.close())
  }
}
