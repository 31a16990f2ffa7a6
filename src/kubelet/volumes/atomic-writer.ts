import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** One file of a volume. */
export interface PayloadFile {
  readonly data: Uint8Array
  readonly mode: number
  /** Owner, for a token that only the container's user may read. */
  readonly uid?: number
}

/** Relative path → file. */
export type Payload = ReadonlyMap<string, PayloadFile>

const dataLink = '..data'

/**
 * Makes a directory show exactly this payload, all at once: files lie in a folder of their own, `..data` leads to it,
 * and the visible names lead through `..data`; only that one link is swapped (upstream volume/util/atomic_writer.go).
 * A payload that is there already costs a comparison. `version` names the new folder.
 */
export async function writeAtomically(
  directory: string,
  payload: Payload,
  version: string,
  group?: number,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const current = await readlink(join(directory, dataLink)).catch(missing)
  if (current !== undefined && (await holds(join(directory, current), payload))) return
  const folder = `..${version}`
  await rm(join(directory, folder), { recursive: true, force: true })
  for (const [path, file] of payload) await writeFileIn(join(directory, folder), path, file, group)
  await mkdir(join(directory, folder), { recursive: true })
  await rm(join(directory, `${dataLink}_tmp`), { force: true })
  await symlink(folder, join(directory, `${dataLink}_tmp`))
  await rename(join(directory, `${dataLink}_tmp`), join(directory, dataLink))
  await linkVisibleNames(directory, payload)
  if (current !== undefined && current !== folder)
    await rm(join(directory, current), { recursive: true, force: true })
}

async function writeFileIn(
  folder: string,
  path: string,
  file: PayloadFile,
  group: number | undefined,
): Promise<void> {
  const target = join(folder, path)
  await mkdir(dirname(target), { recursive: true, mode: 0o755 })
  await writeFile(target, file.data)
  // Apart from the umask.
  await chmod(target, group === undefined ? file.mode : file.mode | 0o440)
  if (file.uid !== undefined || group !== undefined) await chown(target, file.uid ?? 0, group ?? 0)
}

/** The first segment of each path is a link through `..data`; links of names that are gone go too. */
async function linkVisibleNames(directory: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map(path => path.split('/')[0]!))
  const present = (await readdir(directory)).filter(name => !name.startsWith('..'))
  for (const name of present)
    if (!wanted.has(name)) await rm(join(directory, name), { force: true, recursive: true })
  for (const name of wanted)
    if (!present.includes(name)) await symlink(join(dataLink, name), join(directory, name))
}

async function holds(folder: string, payload: Payload): Promise<boolean> {
  const present = await readdir(folder, { recursive: true, withFileTypes: true }).catch(missing)
  if (!present || present.filter(entry => entry.isFile()).length !== payload.size) return false
  for (const [path, { data }] of payload) {
    const found = await readFile(join(folder, path)).catch(missing)
    if (!found || Buffer.compare(found, data) !== 0) return false
  }
  return true
}

/** Not there is an answer; anything else is not. */
export function missing(error: unknown): undefined {
  if ((error as { code?: string }).code === 'ENOENT') return undefined
  throw error
}
