import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simRandom } from '../../std/sim-ports.ts'
import { CrashLedger, type CrashWriterOptions } from './testing/crash-ledger.ts'

const writerFile = join(import.meta.dir, 'testing/crash-writer.ts')
const rounds = 200
const newline = 10
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/**
 * Runs the writer under `prefix`, kills it when it has told `killAfterLines` things, and answers what it told. Lines and
 * not milliseconds: on a busy machine a writer may get nothing done in those.
 */
async function run(
  options: CrashWriterOptions,
  killAfterLines: number | undefined,
  prefix: readonly string[] = [],
) {
  const child = Bun.spawn([...prefix, process.execPath, writerFile, JSON.stringify(options)], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const errors = new Response(child.stderr).text()
  let output = ''
  const decoder = new TextDecoder()
  let lines = 0
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true })
    lines += chunk.filter(byte => byte === newline).length
    if (lines >= (killAfterLines ?? Number.POSITIVE_INFINITY)) child.kill('SIGKILL')
  }
  await child.exited
  return { output, errors: await errors }
}

test(`after kill -9 at ${rounds} random moments under load every acknowledged write is there, revisions never go back, no watcher sees a hole`, async () => {
  const random = simRandom(Number(process.env.HUTCH_SEED ?? 7))
  const files = [0, 1].map(lane => join(folder, `kill-${lane}.db`))
  const ledgers = files.map(path => new CrashLedger(path))
  const lane = async (index: number) => {
    for (let round = index; round < rounds; round += files.length) {
      const historyCountMax = round % 8 < 2 ? 40 : 20_000
      const options = { path: files[index]!, volatile: round % 4 < 2, writesMax: 1e9, historyCountMax }
      const { output, errors } = await run(options, 1 + random.next() * 400)
      expect(errors).toBe('')
      await ledgers[index]!.check(output, options)
    }
  }
  await Promise.all(files.map((_, index) => lane(index)))
  const total = (count: (ledger: CrashLedger) => number) =>
    ledgers.reduce((sum, ledger) => sum + count(ledger), 0)
  console.log(
    `${rounds} kills: ${total(l => l.acknowledged)} acknowledged writes, ${total(l => l.resumed)} resumed watches, ${total(l => l.compacted)} refused as compacted`,
  )
  expect(total(ledger => ledger.acknowledged)).toBeGreaterThan(rounds)
  expect(total(ledger => ledger.resumed)).toBeGreaterThan(rounds)
}, 900_000)

const strace = Bun.which('strace')
const canTrace = strace !== null && Bun.spawnSync([strace, '-qq', '-e', 'trace=none', 'true']).success
if (!canTrace) console.warn('SKIP crash points at system calls: there is no working strace')

test.skipIf(!canTrace)(
  'a kill in the midst of any write, sync or truncation of the files loses nothing acknowledged',
  async () => {
    const points = [
      ...[1, 3, 9, 14, 15, 31, 62, 200].map(count => `pwrite64:signal=SIGKILL:when=${count}`),
      ...[1, 2, 4, 7, 9, 12, 21, 40].map(count => `fsync:signal=SIGKILL:when=${count}`),
      'ftruncate:signal=SIGKILL:when=1',
      'unlink:signal=SIGKILL:when=1',
    ]
    let killed = 0
    for (const [index, point] of points.entries()) {
      const path = join(folder, `point-${index}.db`)
      const options = { path, volatile: index % 2 === 0, writesMax: 400, historyCountMax: 100 }
      const call = point.slice(0, point.indexOf(':'))
      const prefix = [strace!, '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${point}`]
      const { output } = await run(options, undefined, prefix)
      if (!output.includes('\nc\n')) killed++
      await new CrashLedger(path).check(output, options)
    }
    console.log(`${killed} of ${points.length} crash points were reached`)
    expect(killed).toBeGreaterThan(points.length / 2)
  },
  120_000,
)

test.skipIf(!canTrace)(
  'a sync that fails refuses the writes that it was for, and the next ones go through',
  async () => {
    const path = join(folder, 'eio.db')
    const options = { path, volatile: false, writesMax: 200, historyCountMax: 20_000 }
    const inject = 'inject=fsync:error=EIO:when=20..22'
    const prefix = [strace!, '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', '-e', inject]
    const { output } = await run(options, undefined, prefix)
    expect(output).toContain('\nu\n')
    expect(output.slice(output.lastIndexOf('\nu\n'))).toContain('\na ')
    expect(output).toEndWith('\nc\n')
    await new CrashLedger(path).check(output, options)
  },
  240_000,
)
