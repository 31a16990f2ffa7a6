import { readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { sleep } from '../../client/sleep.ts'
import type { Ports } from '../../std/ports.ts'
import { messageOf } from '../pod/start-error.ts'
import type { RuntimeService } from '../runtime/runtime.ts'
import { missing } from '../volumes/atomic-writer.ts'

/** Upstream containerLogMaxSize, containerLogMaxFiles, containerLogMonitorInterval. */
const sizeMaxBytes = 10 * 1024 * 1024
const filesMax = 5
const monitorMs = 10_000

/** Keeps each container's log at five files of ten megabytes; the engine opens the new file itself. */
export async function rotateLogs(
  containers: RuntimeService,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(ports.clock, monitorMs, signal)
    if (signal.aborted) return
    try {
      const { containers: all } = await containers.list()
      for (const { id, state, logPath } of all)
        if (state === 'running' && logPath) await rotate(containers, id, logPath)
    } catch (error) {
      ports.log.warn('logs were not rotated', { error: messageOf(error) })
    }
  }
}

export async function rotate(
  containers: Pick<RuntimeService, 'reopenLog'>,
  id: string,
  file: string,
  maxBytes = sizeMaxBytes,
): Promise<void> {
  const found = await stat(file).catch(missing)
  if (!found || found.size < maxBytes) return
  const stamp = new Date(found.mtimeMs).toISOString().replace(/\D/g, '').slice(0, 14)
  await rename(file, `${file}.${stamp}`)
  await containers.reopenLog(id)
  const dir = path.dirname(file)
  const old = (await readdir(dir)).filter(name => name.startsWith(`${path.basename(file)}.`)).sort()
  for (const name of old.slice(0, Math.max(0, old.length - (filesMax - 1))))
    await rm(path.join(dir, name), { force: true })
}
