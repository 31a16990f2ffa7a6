import type { Flag, FlagValues } from './flags.ts'

/** One word after `hutch`: a row of the table in `commands.ts`. */
export interface Command {
  readonly name: string
  /** One line of `hutch --help`. */
  readonly summary: string
  /** Complete lines, shown by `--help`. */
  readonly examples: readonly string[]
  readonly flags: readonly Flag[]
  /** The words it takes besides flags, for the usage line: `[create|list|delete ID]`. */
  readonly words?: string
  /** Resolves when done; throws `UserError` for what the user can mend. */
  run(values: FlagValues, words: readonly string[], signal: AbortSignal): Promise<void>
}

/** The text of `hutch NAME --help`. */
export function commandHelp(command: Command): string {
  const width = Math.max(...command.flags.map(flag => flagHead(flag).length), 0)
  const flags = command.flags.map(
    flag => `  ${flagHead(flag).padEnd(width)}  ${flag.help}${defaultNote(flag)}`,
  )
  return [
    `${command.summary}\n`,
    `Usage:\n  hutch ${command.name} ${command.words ? `${command.words} ` : ''}[flags]\n`,
    `Examples:\n${command.examples.map(example => `  ${example}`).join('\n')}`,
    ...(flags.length > 0 ? [`\nFlags:\n${flags.join('\n')}`] : []),
    '',
  ].join('\n')
}

/** The text of `hutch --help`. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(command => command.name.length))
  const rows = commands.map(command => `  ${command.name.padEnd(width)}  ${command.summary}`)
  const examples = commands.flatMap(command => command.examples.slice(0, 1)).map(example => `  ${example}`)
  return [
    'Hutch: Kubernetes for the edge, in one process.\n',
    `Usage:\n  hutch COMMAND [flags]\n`,
    `Commands:\n${rows.join('\n')}\n`,
    `Examples:\n${examples.join('\n')}\n`,
    'Run "hutch COMMAND --help" for the flags of a command.\n',
  ].join('\n')
}

function flagHead(flag: Flag): string {
  return `--${flag.name}${flag.type === 'boolean' ? '' : ` ${flag.placeholder ?? flag.type.toUpperCase()}`}`
}

function defaultNote(flag: Flag): string {
  const shown = Array.isArray(flag.default) ? flag.default.join(',') : flag.default
  return shown === undefined || shown === '' || shown === false ? '' : ` (default ${shown})`
}
