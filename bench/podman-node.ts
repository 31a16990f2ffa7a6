import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A machine of its own as far as the network and Podman's storage go. */
export interface PodmanNode {
  readonly directory: string
  /** Of `hutch server`. */
  readonly flags: readonly string[]
  readonly enter: readonly string[]
  /** Podman's API service below a process. */
  enginePids(parent: number): number[]
  /** Ends its containers and forgets everything. */
  close(): void
}

/** Needs root, Podman, iproute2 and busybox-static. */
export function openPodmanNode(): PodmanNode {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-idle-'))
  const namespace = `hutch-idle-${process.pid}`
  const podman = ['root', 'runroot', 'tmpdir'].map(name => `--${name}=${join(directory, `podman-${name}`)}`)
  run('ip', 'netns', 'add', namespace)
  run('ip', '-n', namespace, 'link', 'add', 'eth0', 'type', 'bridge')
  run('ip', '-n', namespace, 'address', 'add', '10.98.1.2/24', 'dev', 'eth0')
  for (const link of ['lo', 'eth0']) run('ip', '-n', namespace, 'link', 'set', link, 'up')
  run(join(import.meta.dir, '../scripts/image'), ...podman)
  return {
    directory,
    flags: ['--node-name=real', '--node-ip=10.98.1.2', ...podman.map(argument => `--podman-arg=${argument}`)],
    enter: ['nsenter', `--net=/var/run/netns/${namespace}`],
    enginePids: parent =>
      readdirSync('/proc')
        .filter(name => /^\d+$/.test(name) && isEngineOf(Number(name), parent))
        .map(Number),
    close() {
      run('podman', ...podman, 'rm', '--all', '--force', '--time=0')
      run('sh', '-c', `awk '$2 ~ "^${directory}/" {print $2}' /proc/mounts | sort -r | xargs -r umount -l`)
      run('ip', 'netns', 'delete', namespace)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function isEngineOf(pid: number, parent: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.includes('(podman)') && Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
  } catch (error) {
    // It ended between two looks.
    if (
      (error as NodeJS.ErrnoException).code === 'ENOENT' ||
      (error as NodeJS.ErrnoException).code === 'ESRCH'
    )
      return false
    throw error
  }
}

function run(...words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(words, { env: { ...process.env, CONTAINERS_CONF: '/dev/null' } })
  if (exitCode !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
}
