import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../std/log.ts'
import { createMetrics } from '../../std/metrics.ts'
import { realRandom } from '../../std/real-ports.ts'
import { rotateLogs } from './rotation.ts'

const fullBytes = 10 * 1024 * 1024

test('a full log is renamed and opened anew, five files stay, and one failure keeps nobody else waiting', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hutch-logs-'))
  const full = join(dir, '0.log')
  const short = join(dir, 'short.log')
  writeFileSync(short, 'a few words')
  const stop = new AbortController()
  const reopened: string[] = []
  let warnings = 0
  let round = 0
  // Each look comes after the round before has ended.
  const containers = () => {
    if (round++ === 7) stop.abort()
    for (const path of [full, join(dir, 'lost.log')]) {
      writeFileSync(path, '')
      truncateSync(path, fullBytes)
      utimesSync(path, round, round)
    }
    return [
      { id: 'lost', state: 'running' as const, logPath: join(dir, 'lost.log') },
      { id: 'full', state: 'running' as const, logPath: full },
      { id: 'short', state: 'running' as const, logPath: short },
      { id: 'over', state: 'exited' as const, logPath: full },
    ]
  }
  const waits: number[] = []
  const setTimer = (delayMs: number, fn: () => void) => {
    waits.push(delayMs)
    setImmediate(fn)
    return () => {}
  }
  const clock = { nowMs: () => 0, monotonicMs: () => 0, setTimer }
  const log = { ...silentLogger, warn: () => void warnings++ }
  const runtime = {
    async reopenLog(id: string) {
      if (id === 'lost') throw new Error('no such container')
      reopened.push(id)
    },
  }
  const ports = { clock, random: realRandom, log, metrics: createMetrics() }
  await rotateLogs({ containers, runtime, ports }, stop.signal)
  expect(reopened).toEqual(Array(8).fill('full'))
  expect(warnings).toBe(8)
  expect(new Set(waits)).toEqual(new Set([10_000]))
  const kept = readdirSync(dir).filter(name => name.startsWith('0.log'))
  expect(kept.sort()).toEqual([5, 6, 7, 8].map(second => `0.log.1970010100000${second}`))
  expect(readdirSync(dir)).toContain('short.log')
  rmSync(dir, { recursive: true })
})
