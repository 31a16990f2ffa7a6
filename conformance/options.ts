import { parseArgs } from 'node:util'

/** What a run was asked for; kept in its folder, so that it can be resumed. */
export interface Options {
  readonly focus?: string
  readonly skip?: string
  readonly sigs: readonly string[]
  readonly procs: number
  /** Only tests whose last known result is one of these; none: whatever it is. */
  readonly last: readonly ('failed' | 'notrun')[]
  /** Only tests that the last run was begun for and has not ended. */
  readonly resume: boolean
  /** Leave the cluster up at the end. */
  readonly keep: boolean
}

export type Command = 'run' | 'status' | 'follow' | 'stop' | 'clean' | 'page' | 'build' | 'help'

export const usage = `usage: scripts/conformance [SELECTION] [--procs N] [--resume] [--keep] [--foreground]
       scripts/conformance --status | --follow | --stop | --clean | --page | --build

Runs the official conformance suite against the last commit on two nodes, in a session of its own.

  --focus REGEX   only tests whose name matches        --skip REGEX   not those that match
  --sig NAME      only this SIG's; repeatable           --failed       only those that failed last time
                                                       --notrun       only (or also) those never run
  --procs N       tests side by side (default 4); serial ones run alone after
  --resume        go on with the last run, whatever it was asked for: only what it has not ended
  --keep          leave the cluster up at the end, for a look; --clean removes it
  --foreground    do not detach

  --status        how far it is        --follow   show that until it ends
  --stop          end it; what has ended stays recorded
  --clean         remove everything that a run has left
  --page          write results.json and RESULTS.md again from what is recorded
  --build         build the suite and its images, if they are not there
`

/** Throws with a sentence when a word is not understood. */
export function parseOptions(argv: readonly string[]): {
  command: Command
  foreground: boolean
  options: Options
} {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...{ focus: { type: 'string' }, skip: { type: 'string' }, sig: { type: 'string', multiple: true } },
      procs: { type: 'string', default: '4' },
      ...{ failed: flag, notrun: flag, resume: flag, keep: flag, foreground: flag },
      ...{ status: flag, follow: flag, stop: flag, clean: flag, page: flag, build: flag, help: flag },
    },
  })
  const procs = Number(values.procs)
  if (!Number.isInteger(procs) || procs < 1)
    throw new Error(`--procs takes a number from 1, not "${values.procs}"`)
  for (const pattern of [values.focus, values.skip]) if (pattern !== undefined) new RegExp(pattern)
  const commands = ['status', 'follow', 'stop', 'clean', 'page', 'build', 'help'] as const
  return {
    command: commands.find(name => values[name]) ?? 'run',
    foreground: values.foreground,
    options: {
      ...(values.focus === undefined ? {} : { focus: values.focus }),
      ...(values.skip === undefined ? {} : { skip: values.skip }),
      sigs: (values.sig ?? []).map(name => name.replace(/^sig-/, '')),
      last: (['failed', 'notrun'] as const).filter(name => values[name]),
      ...{ procs, resume: values.resume, keep: values.keep },
    },
  }
}
