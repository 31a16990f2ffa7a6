#!/usr/bin/env bun
import { closest } from 'fastest-levenshtein'
import { commandHelp, programHelp } from './command.ts'
import { commands } from './commands.ts'
import { readConfigFile } from './config-file.ts'
import { parseFlags, withDefaults } from './flags.ts'
import { UserError } from './user-error.ts'

/** Runs one command line and returns the exit code. SIGINT and SIGTERM end a running command cleanly. */
export async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    await dispatch(argv, signal)
    return 0
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    process.stderr.write(`hutch: ${error.message}\n${error.hint ? `${error.hint}\n` : ''}`)
    return error.exitCode
  }
}

async function dispatch(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(programHelp(commands))
    return
  }
  const wanted = name === '--version' ? 'version' : name
  const command = commands.find(candidate => candidate.name === wanted)
  if (!command) {
    const nearest = closest(
      name,
      commands.map(candidate => candidate.name),
    )
    throw new UserError(`unknown command "${name}"`, `Did you mean "hutch ${nearest}"?`, 2)
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(commandHelp(command))
    return
  }
  const { values, positionals } = parseFlags(command.flags, rest)
  if (!command.words && positionals.length > 0)
    throw new UserError(`"${positionals[0]}" is no flag`, `"hutch ${command.name}" takes flags only.`, 2)
  const config = command.flags.find(flag => flag.name === 'config')
  const file = config
    ? await readConfigFile(
        String(values.config ?? config.default),
        command.flags,
        values.config !== undefined,
      )
    : {}
  await command.run(withDefaults(command.flags, file, values), positionals, signal)
}

if (import.meta.main) {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130)
      stop.abort()
    })
  }
  process.exit(await main(process.argv.slice(2), stop.signal))
}
