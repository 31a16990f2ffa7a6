#!/usr/bin/env bun
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectionOf, startHutch } from '../../bench/hutch-process.ts'
import { anonymousBytes, attack, type Finding, tryCase } from './attack.ts'
import { fuzzRequest } from './requests.ts'
import { startStreamingKubelet } from './streams.ts'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    frames: { type: 'string', default: '0' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    'keep-log': { type: 'string' },
  },
})
const directory = mkdtempSync(join(tmpdir(), 'hutch-fuzz-'))
const log = join(directory, 'hutch.log')
const hutch = await startHutch(directory, [
  ...[
    '--disable-agent',
    '--feature-gates=CBORServingAndStorage=true',
    '--disable=scheduler,dns,proxy',
    '--datastore-endpoint=memory',
  ],
])
const gone = new AbortController()
let isOver = false
hutch.ended.then(how => {
  if (isOver) return
  console.log(`the server is gone: ${how}\n${readFileSync(log, 'utf8').split('\n').slice(-40).join('\n')}`)
  gone.abort()
})
try {
  const seed = Number(values.seed)
  const cases = Number(values.cases)
  const shared = { connection: connectionOf(hutch.kubeconfig), seed, cases }
  if (values.only === undefined) {
    await run(shared)
    if (Number(values.frames) > 0) await runFrames(shared, Number(values.frames))
  } else {
    console.log(fuzzRequest(seed, Number(values.only)))
    console.log(await tryCase(shared, Number(values.only)))
    console.log(readFileSync(log, 'utf8'))
  }
} finally {
  isOver = true
  await hutch.stop()
  if (values['keep-log']) cpSync(log, values['keep-log'])
  rmSync(directory, { recursive: true, force: true })
}

async function run(shared: Parameters<typeof tryCase>[0]): Promise<void> {
  const mb = () => (gone.signal.aborted ? 0 : Math.round(anonymousBytes(hutch.pid) / 2 ** 20))
  const progress = (done: number) =>
    console.log(`${new Date().toISOString()} ${done} cases, ${mb()} MB anonymous`)
  const found = ({ number, what, request }: Finding) =>
    console.log(`\n--only ${number}: ${what}\n  ${request}`)
  const options = { ...shared, from: Number(values.from), progress, found, signal: gone.signal }
  const findings = await attack(options)
  const isBad = findings.length > 0 || gone.signal.aborted
  console.log(`fuzz: ${shared.cases} cases, ${findings.length} findings, ${mb()} MB anonymous`)
  process.exitCode = isBad ? 1 : 0
}

/** Connections of mutated SPDY and WebSocket frames, through the server to a kubelet. */
async function runFrames(
  { connection, seed }: Pick<Parameters<typeof tryCase>[0], 'connection' | 'seed'>,
  count: number,
): Promise<void> {
  const kubelet = await startStreamingKubelet(connection, directory)
  let next = 0
  let findings = 0
  const work = async () => {
    while (next < count && !gone.signal.aborted) {
      const number = next++
      const what = await kubelet.tryFrames(seed, number)
      if (what !== undefined) {
        findings++
        console.log(`frames ${number}: ${what}`)
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  const mb = (pid: number) => Math.round(anonymousBytes(pid) / 2 ** 20)
  console.log(
    `fuzz: ${count} connections of frames, ${findings} findings, ${mb(kubelet.pid)} MB anonymous in the kubelet`,
  )
  if (findings > 0) process.exitCode = 1
  await kubelet.stop()
}
