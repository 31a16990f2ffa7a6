import { readdirSync, readFileSync } from 'node:fs'

/**
 * Kills what there is of a container that the engine never saw started. An engine that dies in the midst of a start
 * leaves a monitor and perhaps a running process behind, and removes neither.
 */
export function endOrphans(id: string): void {
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name)))
    if (isOf(id, `/proc/${pid}`)) ofProcess(() => process.kill(Number(pid), 'SIGKILL'))
}

function isOf(id: string, process: string): boolean {
  const read = (file: string) => ofProcess(() => readFileSync(`${process}/${file}`, 'utf8')) ?? ''
  if (read('comm').trim() === 'conmon') return read('cmdline').includes(id)
  return read('cgroup').includes(`libpod-${id}`)
}

/** Nothing of a process that is gone meanwhile. */
function ofProcess<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
