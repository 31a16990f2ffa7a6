import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type Flag, type FlagValue, type FlagValues, findFlag, readValue } from './flags.ts'
import { UserError } from './user-error.ts'

/**
 * Reads `path` and then `path.d/*.yaml` in alphabetical order (k3s's convention): keys are flag names, a later
 * file wins, `key+` appends to a list. A wrong key or value is a `UserError` that names file, line and key.
 * A missing file is an error only when `required`.
 */
export async function readConfigFile(
  path: string,
  flags: readonly Flag[],
  required: boolean,
): Promise<FlagValues> {
  const values: Record<string, FlagValue | undefined> = {}
  const allowed = flags.filter(flag => !flag.isForArgumentsAlone)
  for (const file of configFiles(path, required)) {
    for (const { key, line, value } of await readPairs(file)) {
      const append = key.endsWith('+')
      const name = append ? key.slice(0, -1) : key
      const where = `${file}:${line}: ${name}`
      const flag = findFlag(allowed, name, `${file}:${line}: unknown key `)
      if (append && flag.type !== 'list') throw new UserError(`${where} is no list to append to`, shapeHint)
      const read = readConfigValue(flag, value, where)
      const earlier = values[name]
      values[name] = append && Array.isArray(earlier) && Array.isArray(read) ? [...earlier, ...read] : read
    }
  }
  return values
}

function configFiles(path: string, required: boolean): string[] {
  if (required && !existsSync(path))
    throw new UserError(`config file ${path} does not exist`, 'Check --config.')
  const directory = `${path}.d`
  const dropIns = existsSync(directory)
    ? readdirSync(directory)
        .filter(name => /\.ya?ml$/.test(name))
        .sort()
        .map(name => `${directory}/${name}`)
    : []
  return existsSync(path) ? [path, ...dropIns] : dropIns
}

const shapeHint = 'The file has one "flag: value" line for each flag, and each flag once.'

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${(error as Error).message}`, 'Check --config.')
  }
}

async function readPairs(file: string): Promise<{ key: string; line: number; value: unknown }[]> {
  const { LineCounter, isMap, isScalar, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const text = readText(file)
  const document = parseDocument(text, { lineCounter: lines })
  const [problem] = document.errors
  if (problem) {
    const { line } = lines.linePos(problem.pos[0])
    const words = problem.message.split('\n')[0]!.replace(/ at line \d+, column \d+:$/, '')
    const [key] = /^[^\s:#]+(?=:)/.exec(text.split('\n')[line - 1] ?? '') ?? []
    throw new UserError(`${file}:${line}: ${key ? `${key}: ` : ''}${words}`, shapeHint)
  }
  if (document.contents === null) return []
  if (!isMap(document.contents)) throw new UserError(`${file}:1: this is not YAML with flags`, shapeHint)
  return document.contents.items.map(pair => {
    const key = isScalar(pair.key) ? pair.key : undefined
    const line = lines.linePos(key?.range?.[0] ?? 0).line
    const value = (pair.value as { toJSON?: () => unknown } | null)?.toJSON?.()
    return { key: String(key?.value), line, value }
  })
}

function readConfigValue(flag: Flag, value: unknown, where: string): FlagValue {
  if (Array.isArray(value) && flag.type === 'list')
    return value.flatMap(entry => readConfigValue(flag, entry, where) as readonly string[])
  if (value === null || value === undefined || typeof value === 'object') {
    throw new UserError(`${where} needs ${flag.type === 'list' ? 'a list' : `one ${flag.type} value`}`)
  }
  return readValue(flag, String(value), where)
}
