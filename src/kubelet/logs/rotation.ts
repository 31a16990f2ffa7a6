import { readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../../std/message.ts'
import type { Ports } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'
import type { ObservedContainer, RuntimeService } from '../runtime/runtime.ts'
import { missing } from '../volumes/atomic-writer.ts'

/** Upstream containerLogMaxSize, containerLogMaxFiles, containerLogMonitorInterval. */
const sizeMaxBytes = 10 * 1024 * 1024
const filesMax = 5
const monitorMs = 10_000

/** Where the containers are known without asking the engine, and what makes it write to a new file. */
export interface RotationOptions {
  readonly containers: () => Iterable<Pick<ObservedContainer, 'id' | 'state' | 'logPath'>>
  readonly runtime: Pick<RuntimeService, 'reopenLog'>
  readonly ports: Ports
}

/** Keeps each container's log at five files of ten megabytes; the engine opens the new file itself. */
export async function rotateLogs(options: RotationOptions, signal: AbortSignal): Promise<void> {
  const { containers, runtime, ports } = options
  while (!signal.aborted) {
    await sleep(ports.clock, monitorMs, signal)
    if (signal.aborted) return
    for (const { id, state, logPath } of containers()) {
      if (state !== 'running' || !logPath) continue
      await rotate(runtime, id, logPath).catch(error => {
        ports.log.warn('a log was not rotated', { log: logPath, error: messageOf(error) })
      })
    }
  }
}

async function rotate(runtime: Pick<RuntimeService, 'reopenLog'>, id: string, file: string): Promise<void> {
  const found = await stat(file).catch(missing)
  if (!found || found.size < sizeMaxBytes) return
  const stamp = new Date(found.mtimeMs).toISOString().replace(/\D/g, '').slice(0, 14)
  await rename(file, `${file}.${stamp}`)
  await runtime.reopenLog(id)
  const dir = path.dirname(file)
  const old = (await readdir(dir)).filter(name => name.startsWith(`${path.basename(file)}.`)).sort()
  for (const name of old.slice(0, Math.max(0, old.length - (filesMax - 1))))
    await rm(path.join(dir, name), { force: true })
}
