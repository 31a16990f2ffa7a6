import { afterAll } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simPorts } from '../../std/sim-ports.ts'

/**
 * For a file of tests about files that are followed: a folder that is removed in the end, when what follows stops too,
 * and what issuing certificates takes.
 */
export function folderOfTests(name: string) {
  const folder = mkdtempSync(join(tmpdir(), `hutch-${name}-`))
  const stop = new AbortController()
  afterAll(() => {
    stop.abort()
    rmSync(folder, { recursive: true })
  })
  const ports = simPorts(1, Date.UTC(2026, 5, 1))
  return { folder, stop, ports, context: { nowMs: ports.clock.nowMs(), random: ports.random } }
}
