#!/usr/bin/env bun
/** The run itself, in a session of its own: `scripts/conformance` starts it and looks at what it writes. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reapLan } from '../tests/cluster/lan.ts'
import { buildImages, buildPrograms } from './build.ts'
import { type Cluster, checkOut, startCluster } from './cluster.ts'
import { conformanceNames } from './names.ts'
import type { Options } from './options.ts'
import { causeLine, type Ended } from './output.ts'
import { begin, type Plan, remaining } from './plan.ts'
import { merge, readResults, record, recorded, writeResults } from './results.ts'
import { makeStateDir, paths } from './state.ts'
import { runSuite } from './suite.ts'

const say = (line: string) => console.log(`${new Date().toISOString()} ${line}`)

export interface Progress {
  readonly startedMs: number
  readonly total: number
  passed: number
  failed: number
  state: 'building' | 'starting' | 'running' | 'done' | 'stopped'
}

async function main(options: Options): Promise<void> {
  makeStateDir()
  const progress: Progress = {
    startedMs: Date.now(),
    total: 0,
    passed: 0,
    failed: 0,

    state: 'building',
  }
  const tell = (change: Partial<Progress>) =>
    writeFileSync(paths.progress, JSON.stringify(Object.assign(progress, change)))
  tell({})
  writeFileSync(paths.runner, String(process.pid))
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort())
  await buildPrograms(say)
  for (const missing of await buildImages(say)) say(`SKIP image ${missing}`)
  const names = await conformanceNames()
  const chosen = choose(names, options)
  tell({ total: chosen.length, state: 'starting' })
  const commit = await checkOut()
  say(`${chosen.length} tests at commit ${commit}`)
  const cluster = await startCluster(paths)
  try {
    tell({ state: 'running' })
    const ended = (test: Ended) => {
      keep(test, commit, cluster)
      tell(test.result === 'passed' ? { passed: progress.passed + 1 } : { failed: progress.failed + 1 })
      say(`${test.result} ${test.seconds.toFixed(0)} s ${test.name}`)
      writeResults(merge(names, readResults(), recorded()))
    }
    const run = { cluster, ended, signal: stop.signal, procs: options.procs, logs: paths.logs }
    if (chosen.length > 0) await runSuite(chosen, run)
  } finally {
    if (options.keep)
      say(
        `the cluster stays up: ${cluster.outside.enter.join(' ')} kubectl --kubeconfig ${cluster.kubeconfig}`,
      )
    else await reapLan(paths.lan)
  }
  tell({ state: stop.signal.aborted ? 'stopped' : 'done' })
  rmSync(paths.runner, { force: true })
}

function choose(names: readonly string[], options: Options): string[] {
  if (options.resume && existsSync(paths.plan))
    return remaining(JSON.parse(readFileSync(paths.plan, 'utf8')) as Plan, options, recorded())
  const known = merge(names, readResults(), recorded())
  const plan = begin(names, options, known, new Date().toISOString())
  writeFileSync(paths.plan, JSON.stringify(plan))
  return [...plan.names]
}

/** Records a test; of a failed one also what was said meanwhile on all sides. */
function keep(test: Ended, commit: string, cluster: Cluster): void {
  const date = new Date()
  const cause = test.result === 'failed' ? causeLine(test.text) : undefined
  record({
    ...{
      name: test.name,
      result: test.result,
      seconds: Math.round(test.seconds),
      commit,
      date: date.toISOString(),
    },
    ...(cause ? { cause } : {}),
  })
  const dir = join(paths.failures, test.name.replace(/[^\w]+/g, '-').slice(0, 150))
  rmSync(dir, { recursive: true, force: true })
  if (test.result === 'passed') return
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'suite.txt'), test.text)
  const from = new Date(date.getTime() - (test.seconds + 5) * 1000).toISOString()
  for (const log of cluster.logs) writeFileSync(join(dir, log.split('/').at(-1)!), linesSince(log, from))
}

const tailBytes = 8_000_000

/** The lines of a log from this time on; lines begin with their time. */
function linesSince(file: string, from: string): string {
  if (!existsSync(file)) return ''
  const text = readFileSync(file, 'utf8').slice(-Math.min(statSync(file).size, tailBytes))
  const lines = text.split('\n')
  const at = lines.findIndex(line => /^\d{4}-/.test(line) && line >= from)
  return at === -1 ? '' : lines.slice(at).join('\n')
}

await main(JSON.parse(readFileSync(paths.options, 'utf8')) as Options)
