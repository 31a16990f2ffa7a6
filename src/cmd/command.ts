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
  const flags = command.flags.flatMap(flag => rowOf(flagHead(flag), flag.help + defaultNote(flag), 24))
  return [
    `${wrapped(command.summary, lineMax).join('\n')}\n`,
    `Usage:\n  hutch ${command.name} ${command.words ? `${command.words} ` : ''}[flags]\n`,
    `Examples:\n${command.examples.map(example => `  ${example}`).join('\n')}`,
    ...(flags.length > 0 ? [`\nFlags:\n${flags.join('\n')}`] : []),
    '',
  ].join('\n')
}

/** The text of `hutch --help`. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(command => command.name.length))
  const rows = commands.flatMap(command => rowOf(command.name, command.summary, width))
  const examples = commands.flatMap(command => command.examples.slice(0, 1)).map(example => `  ${example}`)
  return [
    'Hutch: Kubernetes for the edge, in one process.\n',
    `Usage:\n  hutch COMMAND [flags]\n`,
    `Commands:\n${rows.join('\n')}\n`,
    `Examples:\n${examples.join('\n')}\n`,
    'Run "hutch COMMAND --help" for the flags of a command.\n',
  ].join('\n')
}

/** What a terminal shows of a line when nobody has made it larger. */
const lineMax = 80

/** A name and what it is, in two columns; a name that is too long for its own has a line to itself. */
function rowOf(head: string, text: string, width: number): string[] {
  const [first = '', ...more] = wrapped(text, lineMax - width - 4)
  const indent = ' '.repeat(width + 4)
  const rest = more.map(line => indent + line)
  if (head.length > width) return [`  ${head}`, indent + first, ...rest]
  return [`  ${head.padEnd(width)}  ${first}`, ...rest]
}

function wrapped(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim()
    if (longer.length <= width || lines.at(-1) === '') lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

function flagHead(flag: Flag): string {
  return `--${flag.name}${flag.type === 'boolean' ? '' : ` ${flag.placeholder ?? flag.type.toUpperCase()}`}`
}

function defaultNote(flag: Flag): string {
  const shown = Array.isArray(flag.default) ? flag.default.join(',') : flag.default
  return shown === undefined || shown === '' || shown === false ? '' : ` (default ${shown})`
}
