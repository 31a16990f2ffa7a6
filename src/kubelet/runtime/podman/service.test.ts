import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../../std/log.ts'
import { realPorts } from '../../../std/real-ports.ts'
import { startPodmanService } from './service.ts'
import { clearAway, podmanMissing } from './testing.ts'

test.skipIf(podmanMissing() !== undefined)(
  "an engine's service that outlived its node is ended by the next one",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hutch-podman-'))
    const globalArgs = ['--root', `${dir}/root`, '--runroot', `${dir}/run`, '--tmpdir', `${dir}/tmp`]
    const start = () => startPodmanService({ dir, globalArgs, ports: realPorts(silentLogger) })
    const commandOf = (pid: string) => {
      const file = `/proc/${pid}/cmdline`
      return existsSync(file) ? readFileSync(file, 'utf8') : ''
    }
    await start()
    const first = readFileSync(join(dir, 'podman.pid'), 'utf8')
    expect(commandOf(first)).toContain(dir)
    const second = await start()
    expect(commandOf(first)).toBe('')
    expect(existsSync(second.socketPath)).toBe(true)
    await second.close()
    await clearAway(dir)
  },
  60_000,
)
