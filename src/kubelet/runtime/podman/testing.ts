import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLogger } from '../../../std/log.ts'
import { realPorts } from '../../../std/real-ports.ts'
import { pauseTar } from './pause.ts'
import { openPodman, type PodmanRuntime } from './podman.ts'
import { startPodmanService } from './service.ts'
import { tarOf } from './tar.ts'

/** A Podman with a storage of its own under a temporary directory. */
export interface TestPodman {
  readonly runtime: PodmanRuntime
  readonly dir: string
  /** A second client of the same engine, as a restarted kubelet is one. */
  reopen(): Promise<PodmanRuntime>
  close(): Promise<void>
}

export const testImage = 'hutch.local/busybox:1'
export const testPauseImage = 'hutch.local/pause:1'

/** Why there can be no Podman here, or undefined. */
export function podmanMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  if (!Bun.which('podman')) return 'podman is not installed'
  return isStatic('/bin/busybox') ? undefined : 'busybox-static is not installed'
}

function isStatic(file: string): boolean {
  try {
    return !readFileSync(file).includes('/ld-linux')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

export async function openTestPodman(nodeName = 'n1'): Promise<TestPodman> {
  const ports = realPorts(silentLogger)
  const dir = mkdtempSync(path.join(tmpdir(), 'hutch-podman-'))
  const globalArgs = ['--root', `${dir}/root`, '--runroot', `${dir}/run`, '--tmpdir', `${dir}/tmp`]
  const service = await startPodmanService({ dir, globalArgs, ports })
  const { socketPath, oomScoreAdjMin } = service
  const reopen = () => openPodman({ socketPath, oomScoreAdjMin, nodeName, ports })
  const runtime = await reopen()
  await runtime.images.importTar(testPauseImage, pauseTar(process.arch === 'arm64' ? 'arm64' : 'amd64'), [
    '/pause',
  ])
  await runtime.images.importTar(testImage, busyboxTar(), ['/bin/sh'])
  return {
    runtime,
    dir,
    reopen,
    async close() {
      const { containers, sandboxes } = await runtime.containers.list()
      for (const { id } of [...containers, ...sandboxes]) await runtime.containers.remove(id)
      await service.close()
      await clearAway(dir)
    },
  }
}

/** The machine's own busybox under every name that the tests call. */
function busyboxTar(): Uint8Array {
  const data = readFileSync('/bin/busybox')
  const script = (applet: string) =>
    new TextEncoder().encode(`#!/bin/busybox sh\nexec /bin/busybox ${applet} "$@"\n`)
  const applets = [
    'sleep',
    'cat',
    'echo',
    'wget',
    'httpd',
    'nc',
    'ls',
    'id',
    'env',
    'hostname',
    'stty',
    'head',
    'mkdir',
    'dd',
  ]
  return tarOf([
    { path: 'bin/busybox', mode: 0o755, data },
    { path: 'bin/sh', mode: 0o755, data },
    { path: 'tmp/.keep', mode: 0o644, data: new Uint8Array() },
    { path: 'etc/passwd', mode: 0o644, data: new TextEncoder().encode('root:x:0:0:root:/root:/bin/sh\n') },
    ...applets.map(applet => ({ path: `bin/${applet}`, mode: 0o755, data: script(applet) })),
  ])
}

/** The engine's own clean-up may still be unmounting what it has mounted here, and would make the folder anew. */
export async function clearAway(dir: string): Promise<void> {
  // The brackets keep the search from finding itself.
  const search = `grep -qsa '${dir.replace('hutch-', 'hutc[h]-')}/' /proc/[0-9]*/cmdline`
  const isInUse = () => Bun.spawnSync(['sh', '-c', search]).exitCode === 0
  for (let tries = 0; tries < useTriesMax && isInUse(); tries++) await Bun.sleep(clearPauseMs)
  for (let tries = 0; ; tries++) {
    Bun.spawnSync(['sh', '-c', `grep -o ' ${dir}[^ ]*' /proc/mounts | sort -r | xargs -r -n 1 umount -l`])
    try {
      return rmSync(dir, { recursive: true, force: true })
    } catch (error) {
      if (tries >= clearTriesMax) throw error
      await Bun.sleep(clearPauseMs)
    }
  }
}

const useTriesMax = 100
const clearTriesMax = 20
const clearPauseMs = 100
