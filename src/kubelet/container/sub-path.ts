import { lstat, mkdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { missing } from '../volumes/atomic-writer.ts'

/**
 * The path of a subPath inside a volume, made where it is missing. Every step is looked at without following
 * links, so that a container cannot lead the mount out of its volume (upstream subpath_linux.go).
 */
export async function safeSubPath(volume: string, subPath: string): Promise<string> {
  if (path.isAbsolute(subPath) || subPath.split('/').includes('..'))
    throw new Error(`subPath "${subPath}" must be relative and must not contain '..'`)
  let current = volume
  const parts = subPath.split('/').filter(part => part !== '' && part !== '.')
  for (const [index, part] of parts.entries()) {
    current = path.join(current, part)
    const found = await lstat(current).catch(missing)
    if (!found) await mkdir(current, { mode: 0o750 })
    else if (found.isSymbolicLink()) current = await insideLink(volume, current, subPath)
    else if (index < parts.length - 1 && !found.isDirectory())
      throw new Error(`subPath "${subPath}": ${part} is not a directory`)
  }
  return current
}

/** API object volumes are made of links; one that stays inside the volume is followed. */
async function insideLink(volume: string, link: string, subPath: string): Promise<string> {
  const target = await realpath(link)
  const root = await realpath(volume)
  if (target !== root && !target.startsWith(`${root}/`))
    throw new Error(`subPath "${subPath}" not within volume path`)
  return target
}
