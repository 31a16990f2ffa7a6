/** Logs that were moved away because they had grown: which stay, and how (lumberjack, as kube-apiserver uses it). */
import { createReadStream, createWriteStream, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

export interface Backups {
  /** Of the log that they were. */
  readonly path: string
  /** Those beyond this number go; 0: none does. */
  readonly backupsMax: number
  /** Those older than this go; 0: none does. */
  readonly ageMaxDays: number
  /** Those that stay are packed with gzip. */
  readonly compresses: boolean
}

const dayMs = 86_400_000
const packed = '.gz'

/** `audit-2026-01-02T03-04-05.678.log` */
export function backupName(path: string, nowMs: number): string {
  const extension = extname(path)
  const time = new Date(nowMs).toISOString().replace(/:/g, '-').replace('Z', '')
  return join(dirname(path), `${basename(path, extension)}-${time}${extension}`)
}

/** Removes backups that are too many or too old and packs the others. What is packed is never lost: its source goes last. */
export async function tidyBackups(backups: Backups, nowMs: number): Promise<void> {
  const { backupsMax, ageMaxDays, compresses } = backups
  const isOld = (file: string) => ageMaxDays > 0 && nowMs - statSync(file).mtimeMs > ageMaxDays * dayMs
  for (const [index, file] of newestFirst(backups).entries()) {
    if ((backupsMax > 0 && index >= backupsMax) || isOld(file)) rmSync(file)
    else if (compresses && !file.endsWith(packed)) await pack(file)
  }
}

function newestFirst({ path }: Backups): string[] {
  const extension = extname(path)
  const start = `${basename(path, extension)}-`
  const isBackup = (name: string) =>
    name.startsWith(start) &&
    /^\d{4}-\d\d-\d\dT/.test(name.slice(start.length)) &&
    [extension, extension + packed].some(end => name.endsWith(end))
  const found = readdirSync(dirname(path)).filter(isBackup).sort().toReversed()
  return found.map(name => join(dirname(path), name))
}

async function pack(file: string): Promise<void> {
  await pipeline(createReadStream(file), createGzip(), createWriteStream(file + packed, { mode: 0o600 }))
  rmSync(file)
}
