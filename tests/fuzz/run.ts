#!/usr/bin/env bun
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectionOf, startHutch } from '../../bench/hutch-process.ts'
import { anonymousBytes, attack, tryCase } from './attack.ts'
import { fuzzRequest } from './requests.ts'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const directory = mkdtempSync(join(tmpdir(), 'hutch-fuzz-'))
const hutch = await startHutch(directory, [
  ...['--disable-agent', '--disable=scheduler,dns,proxy', '--datastore-endpoint=memory'],
])
try {
  const seed = Number(values.seed)
  const cases = Number(values.cases)
  const shared = { connection: connectionOf(hutch.kubeconfig), seed, cases }
  if (values.only === undefined) {
    const mb = () => Math.round(anonymousBytes(hutch.pid) / 2 ** 20)
    const progress = (done: number) => console.log(`${done} cases, ${mb()} MB`)
    const findings = await attack({ ...shared, progress })
    for (const { number, what, request } of findings) console.log(`\n--only ${number}: ${what}\n  ${request}`)
    console.log(`fuzz: ${cases} cases, ${findings.length} findings, ${mb()} MB anonymous`)
    process.exitCode = findings.length > 0 ? 1 : 0
  } else {
    console.log(fuzzRequest(seed, Number(values.only)))
    console.log(await tryCase(shared, Number(values.only)))
    console.log(readFileSync(join(directory, 'hutch.log'), 'utf8'))
  }
} finally {
  await hutch.stop()
  rmSync(directory, { recursive: true, force: true })
}
