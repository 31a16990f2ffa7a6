import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildMissing, isBuilt } from '../../conformance/build.ts'
import { type Cluster, startCluster } from '../../conformance/cluster.ts'
import type { Ended } from '../../conformance/output.ts'
import { readResults } from '../../conformance/results.ts'
import { sampleOf } from '../../conformance/sample.ts'
import { checkout } from '../../conformance/state.ts'
import { runSuite } from '../../conformance/suite.ts'
import { lanMissing } from '../cluster/lan.ts'

const minuteMs = 60_000
/** Less than twelve minutes in all, with the twenty seconds that an interrupted run has to end; usually two. */
const buildMs = 4.5 * minuteMs
const startMs = 2 * minuteMs
const runMs = 2.25 * minuteMs
/** Another sample every six hours, and the same one for a whole run of the tests. */
const roundMs = 6 * 60 * minuteMs

const results = readResults()
const sample = results === undefined ? [] : sampleOf(results, Math.floor(Date.now() / roundMs))
const missing = lanMissing() ?? (isBuilt() ? undefined : buildMissing())
let skipped = missing ?? (sample.length === 0 ? 'no test is recorded as passed often enough' : undefined)
let cluster: Cluster | undefined
let place: { readonly tree: string; readonly lan: string; readonly logs: string }

beforeAll(async () => {
  if (skipped !== undefined) return
  skipped = await prepared()
  if (skipped !== undefined) return
  const dir = mkdtempSync(join(tmpdir(), 'hutch-sample-'))
  place = { tree: checkout, lan: join(dir, 'lan'), logs: join(dir, 'logs') }
  mkdirSync(place.logs)
  cluster = await startCluster(place)
}, buildMs + startMs)

afterAll(async () => {
  await cluster?.close()
  if (place) rmSync(join(place.lan, '..'), { recursive: true, force: true })
}, 2 * minuteMs)

/** Why the suite is not there: what cannot be built in time is no fault of the tests. */
async function prepared(): Promise<string | undefined> {
  const build = [process.execPath, 'run', join(checkout, 'conformance/main.ts'), '--build']
  // A group of its own, so that nothing of it is left behind when it takes too long.
  const child = Bun.spawn(build, { stdout: 'pipe', stderr: 'pipe', detached: true })
  const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), buildMs)
  const [said, complaint, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  clearTimeout(timer)
  if (child.signalCode !== null) return `the suite is not built after ${buildMs / minuteMs} minutes`
  if (code !== 0) return `the suite cannot be built: ${complaint.trim().slice(-300)}`
  const images = said.match(/^SKIP image .*$/gm)
  return images === null ? undefined : `images are missing: ${images.join('; ')}`
}

/** Runs them and answers those that did not pass, with what the suite said. */
async function failuresOf(tests: readonly string[], procs: number): Promise<Map<string, string>> {
  const failed = new Map(tests.map(name => [name, 'it did not end']))
  const ended = ({ name, result, text }: Ended) => {
    if (result === 'passed') failed.delete(name)
    else failed.set(name, text)
  }
  const signal = AbortSignal.timeout(runMs)
  await runSuite(tests, { cluster: cluster!, procs, ended, signal, logs: place.logs })
  return failed
}

const say = (why: string) => {
  console.warn(`SKIP a sample of the conformance suite: ${why}`)
  for (const name of sample) console.warn(`SKIP ${name}: ${why}`)
}
if (skipped !== undefined) say(skipped)

test.skipIf(skipped !== undefined)(
  'a sample of the conformance tests that passed still passes',
  async () => {
    if (skipped !== undefined) return say(skipped)
    const once = [...(await failuresOf(sample, 3)).keys()]
    const twice = once.length === 0 ? new Map<string, string>() : await failuresOf(once, 2)
    for (const [name, text] of twice) console.error(`${name}\n${text.slice(-6000)}`)
    if (twice.size > 0)
      for (const log of cluster!.logs) console.error(`${log}\n${readFileSync(log, 'utf8').slice(-4000)}`)
    expect([...twice.keys()]).toEqual([])
  },
  2 * runMs + minuteMs,
)
