import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'

export interface ConfiguredFile {
  readonly path: string
  /** The flag that named it. */
  readonly flag: string
  /** Takes the file's text from now on; throws `Error` and changes nothing when it is not usable. */
  readonly apply: (text: string) => void
}

const lookMs = 60_000

/**
 * Reads a configuration file now, where a fault is a `UserError`, and again whenever it changes, where a fault is
 * logged and the configuration before it stays.
 */
export function openConfiguredFile(
  file: ConfiguredFile,
  { log }: Pick<Ports, 'log'>,
  signal: AbortSignal,
): void {
  const { path, flag, apply } = file
  try {
    apply(readConfigured(path, flag))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`--${flag}: ${path}: ${(error as Error).message}`)
  }
  const changed = () => {
    try {
      apply(readConfigured(path, flag))
      log.info('configuration taken anew', { flag, path })
    } catch (error) {
      const reason = (error as Error).message
      log.error('the changed configuration is not usable; the one before stays', { flag, path, reason })
    }
  }
  watchFile(path, { interval: lookMs, persistent: false }, changed)
  signal.addEventListener('abort', () => unwatchFile(path, changed), { once: true })
}

/** The text of a file that a flag names, or a `UserError` that names both. */
export function readConfigured(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(`--${flag}: ${(error as Error).message}`, 'Check the path.')
  }
}
