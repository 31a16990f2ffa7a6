import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

const directoryMode = 0o700
const fileMode = 0o600

/** The file's text, or undefined when there is no such file. Other failures (rights, a bad disk) are thrown. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Replaces a file as a whole and durably: a reader or a power cut sees the old or the new text, never a part.
 * The file is readable by its owner alone, missing directories too.
 */
export function writePrivate(path: string, text: string): void {
  const directory = dirname(path)
  mkdirSync(directory, { recursive: true, mode: directoryMode })
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w', fileMode)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
  syncDirectory(directory)
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
