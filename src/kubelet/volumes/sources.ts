import { chmod, chown, lstat, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { EmptyDirVolumeSource, HostPathVolumeSource, Volume } from '../../api/types/core-v1.gen.ts'
import { parseQuantity, quantityToNumber } from '../../machinery/quantity/index.ts'
import { missing } from './atomic-writer.ts'

/** The volume types that are made of files written by us. */
const written: readonly (keyof Volume)[] = ['configMap', 'secret', 'downwardAPI', 'projected']

/** The type of a volume: its only member besides `name`. */
export function volumeType(volume: Volume): keyof Volume {
  const types = (Object.keys(volume) as (keyof Volume)[]).filter(
    key => key !== 'name' && volume[key] !== undefined,
  )
  return types[0] ?? 'emptyDir'
}

export function isWritten(volume: Volume): boolean {
  return written.includes(volumeType(volume))
}

/** An empty directory that every user may write to; on `Memory` a file system in RAM. */
export async function setUpEmptyDir(
  path: string,
  { medium, sizeLimit }: EmptyDirVolumeSource,
  group: number | undefined,
): Promise<void> {
  await mkdir(path, { recursive: true })
  if (medium === 'Memory' && !(await isMountPoint(path))) {
    const size = sizeLimit && sizeLimit !== '0' ? [`size=${quantityToNumber(parseQuantity(sizeLimit))}`] : []
    await run(['mount', '-t', 'tmpfs', '-o', ['mode=0777', ...size].join(','), 'tmpfs', path])
  } else if (medium !== undefined && medium !== '' && medium !== 'Memory') {
    throw new Error(`unknown storage medium ${JSON.stringify(medium)}`)
  }
  await chmod(path, 0o777)
  if (group !== undefined) {
    await chown(path, 0, group)
    await chmod(path, 0o2777)
  }
}

/** Checks what `type` asks for (upstream pkg/volume/hostpath); makes what `…OrCreate` allows to make. */
export async function setUpHostPath({ path, type = '' }: HostPathVolumeSource): Promise<void> {
  const found = await stat(path).catch(missing)
  switch (type) {
    case '':
      return
    case 'DirectoryOrCreate':
      if (!found) await mkdir(path, { recursive: true, mode: 0o755 })
      return require(!found || found.isDirectory(), 'directory', path)
    case 'FileOrCreate':
      if (!found) {
        await mkdir(dirname(path), { recursive: true, mode: 0o755 })
        await writeFile(path, '', { mode: 0o644 })
      }
      return require(!found || found.isFile(), 'file', path)
    case 'Directory':
      return require(found?.isDirectory(), 'directory', path)
    case 'File':
      return require(found?.isFile(), 'file', path)
    case 'Socket':
      return require(found?.isSocket(), 'socket file', path)
    case 'CharDevice':
      return require(found?.isCharacterDevice(), 'character device', path)
    case 'BlockDevice':
      return require(found?.isBlockDevice(), 'block device', path)
    default:
      throw new Error(`${type} is an invalid volume type`)
  }
}

/** Takes a file system in RAM away. */
export async function unmount(path: string): Promise<void> {
  if (await isMountPoint(path)) await run(['umount', path])
}

async function isMountPoint(path: string): Promise<boolean> {
  if (!(await lstat(path).catch(missing))) return false
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  return mounts.split('\n').some(line => line.split(' ')[1] === path)
}

async function run(words: readonly string[]): Promise<void> {
  const child = Bun.spawn([...words], { stdout: 'ignore', stderr: 'pipe' })
  const complaint = await new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(`${words[0]} failed: ${complaint.trim()}`)
}

function require(condition: boolean | undefined, what: string, path: string): void {
  if (!condition) throw new Error(`hostPath type check failed: ${path} is not a ${what}`)
}
