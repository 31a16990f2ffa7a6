import type { SideRound } from './table.ts'

/** What one side did in one round, as JSON holds it. */
interface PrintedSide {
  readonly name: string
  readonly samples: readonly (readonly [string, unknown])[]
  readonly rest: readonly (readonly [string, unknown])[]
  readonly starts: readonly (readonly [string, unknown])[]
}

/** The figures of all rounds as JSON, so that a later run can go on with them. */
export function printRounds(rounds: readonly ReadonlyMap<string, SideRound>[]): string {
  const printed = rounds.map(round =>
    [...round].map(
      ([name, { samples, rest, starts }]): PrintedSide => ({
        name,
        samples: [...samples],
        rest: [...rest],
        starts: [...starts],
      }),
    ),
  )
  return `${JSON.stringify(printed, null, 1)}\n`
}

/** What `printRounds` has written. */
export function readRounds(text: string): ReadonlyMap<string, SideRound>[] {
  const printed = JSON.parse(text) as readonly (readonly PrintedSide[])[]
  return printed.map(
    round =>
      new Map(
        round.map(({ name, samples, rest, starts }) => [
          name,
          { samples: new Map(samples), rest: new Map(rest), starts: new Map(starts) } as SideRound,
        ]),
      ),
  )
}
