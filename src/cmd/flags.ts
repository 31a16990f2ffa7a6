import { closest } from 'fastest-levenshtein'
import { insteadOf } from './stock-flags.ts'
import { UserError } from './user-error.ts'

/** One option of a command: the command line, the config file, `--help` and the docs all read it. */
export interface Flag {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'list'
  /** Of a list: commas belong to its entries. */
  readonly keepsCommas?: boolean
  readonly default?: FlagValue
  /** Shown in `--help` after the name. */
  readonly placeholder?: string
  readonly help: string
  /** Throws a plain sentence when the value is wrong. */
  readonly check?: (value: string) => void
  /** It says where the config file is, so it cannot be in there. */
  readonly isForArgumentsAlone?: boolean
}

export type FlagValue = string | number | boolean | readonly string[]
export type FlagValues = Readonly<Record<string, FlagValue | undefined>>

/** What the user gave, before defaults: `positionals` are the words that are no flags. */
export interface ParsedArguments {
  readonly values: FlagValues
  readonly positionals: readonly string[]
}

/**
 * Reads `--name value`, `--name=value`, and `--name` for booleans; lists repeat or use commas. A wrong flag
 * or value is a `UserError` with exit code 2 that names the nearest right one.
 */
export function parseFlags(flags: readonly Flag[], argv: readonly string[]): ParsedArguments {
  const values: Record<string, FlagValue | undefined> = {}
  const positionals: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!
    if (!word.startsWith('-') || word === '-') {
      positionals.push(word)
      continue
    }
    const [name, inline] = splitAssignment(word.replace(/^--?/, ''))
    const flag = findFlag(flags, name)
    const text = inline ?? (flag.type === 'boolean' ? 'true' : valueIn(flags, argv[++index]))
    values[name] = mergeValue(values[name], readValue(flag, text, `--${name}`))
  }
  return { values, positionals }
}

/** The word after a flag; none where the next flag stands there. */
function valueIn(flags: readonly Flag[], word = ''): string {
  const [name] = splitAssignment(word.replace(/^--/, ''))
  return word.startsWith('--') && flags.some(flag => flag.name === name) ? '' : word
}

/** Fills what nobody gave with the flags' defaults. Later sources win over earlier ones. */
export function withDefaults(flags: readonly Flag[], ...sources: readonly FlagValues[]): FlagValues {
  const values: Record<string, FlagValue | undefined> = {}
  for (const flag of flags) values[flag.name] = flag.default
  for (const source of sources) Object.assign(values, source)
  return values
}

/** One value as text → its type. `where` names the place in the error. */
export function readValue(flag: Flag, text: string, where: string): FlagValue {
  if (text.trim() === '') throw new UserError(`${where} needs a value`, usageHint, 2)
  try {
    flag.check?.(text)
  } catch (error) {
    throw new UserError(`${where}: ${(error as Error).message}`, usageHint, 2)
  }
  switch (flag.type) {
    case 'string':
      return text
    case 'list':
      return flag.keepsCommas ? [text] : text.split(',').filter(Boolean)
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true'
      throw new UserError(`${where} is true or false, not "${text}"`, usageHint, 2)
    case 'integer':
      if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
      throw new UserError(`${where} is a whole number, not "${text}"`, usageHint, 2)
  }
}

/** The flag of that name; the error names the nearest one. */
export function findFlag(flags: readonly Flag[], name: string, where = 'unknown flag --'): Flag {
  const flag = flags.find(candidate => candidate.name === name)
  if (flag) return flag
  if (flags.length === 0) throw new UserError(`${where}${name}`, 'This command takes no flags.', 2)
  const instead = flags.some(isOfServer) ? insteadOf(name) : undefined
  if (instead)
    throw new UserError(
      `${where.endsWith('--') ? '--' : where}${name} is a flag of kube-apiserver that Hutch does not have`,
      instead,
      2,
    )
  const nearest = closest(
    name,
    flags.map(candidate => candidate.name),
  )
  throw new UserError(`${where}${name}`, `Did you mean ${where.endsWith('--') ? '--' : ''}${nearest}?`, 2)
}

/** Those of the API server have it. */
const isOfServer = ({ name }: Flag) => name === 'runtime-config'

const usageHint = 'Run the command with --help for all flags.'

function splitAssignment(word: string): [string, string | undefined] {
  const at = word.indexOf('=')
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

function mergeValue(earlier: FlagValue | undefined, value: FlagValue): FlagValue {
  return Array.isArray(earlier) && Array.isArray(value) ? [...earlier, ...value] : value
}
