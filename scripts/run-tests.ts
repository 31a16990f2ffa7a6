#!/usr/bin/env bun
/**
 * Runs tidy and every test file, a few files per process so that one crash cannot hide the others, and
 * prints `N passed, N failed, N skipped` as its last line. Skips are listed with their reasons. A file below
 * `tests/` drives other programs on a shared machine: when it fails it runs once more, and says so.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tied } from '../tests/tied.ts'
import { listedFiles } from './listed-files.ts'

const root = join(import.meta.dir, '..')
const paths = process.argv.slice(2)
const slowFirst = ['tests/', 'src/storage/', 'src/kubelet/', 'src/sim/']

interface Tally {
  passed: number
  failed: number
  skipped: number
  reasons: string[]
}

const tally: Tally = { passed: 0, failed: 0, skipped: 0, reasons: [] }
if (paths.length === 0) runTidy(tally)
for (const group of testGroups(paths)) runGroup(group, tally)
report(tally)

function runTidy(sum: Tally): void {
  console.log('== tidy')
  const run = Bun.spawnSync(['bun', 'run', join(root, 'scripts/tidy.ts')], {
    cwd: root,
    stdout: 'inherit',
    stderr: 'inherit',
  })
  if (run.exitCode === 0) sum.passed++
  else sum.failed++
}

/** One group per folder below `src/` and per file below `tests/`. */
function testGroups(below: readonly string[]): string[][] {
  const files = listedFiles(root, '.test.ts').filter(file => wanted(file, below))
  const groups = new Map<string, string[]>()
  for (const file of files) {
    const group = file.startsWith('tests/') ? file : file.split('/').slice(0, 2).join('/')
    groups.set(group, [...(groups.get(group) ?? []), file])
  }
  const rank = (name: string) => slowFirst.findIndex(prefix => `${name}/`.startsWith(prefix)) >>> 0
  return [...groups].sort(([a], [b]) => rank(a) - rank(b)).map(([, members]) => members)
}

function wanted(file: string, below: readonly string[]): boolean {
  return below.length === 0 || below.some(path => file.startsWith(path))
}

function runGroup(files: readonly string[], sum: Tally): void {
  const name =
    files.length === 1 ? files[0] : `${files[0]!.split('/').slice(0, 2).join('/')} (${files.length} files)`
  console.log(`== ${name}`)
  const first = bunTest(files)
  if (first.exitCode === 0 || !files[0]!.startsWith('tests/')) return count(first, sum)
  console.log(lastLines(first.output))
  console.log(`FAILED ONCE, running again: ${name}`)
  count(bunTest(files), sum)
}

interface TestRun {
  exitCode: number
  output: string
}

/**
 * Runs the files in one process; hooks that stop clusters get as long as tests do. What is printed goes to a file: a
 * process that outlives its test would keep a pipe open for ever.
 */
function bunTest(files: readonly string[]): TestRun {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-run-'))
  const [out, errors] = ['out', 'errors'].map(name => join(directory, name)) as [string, string]
  const run = Bun.spawnSync(
    [...tied, 'bun', 'test', '--timeout', '120000', ...files.map(file => `./${file}`)],
    {
      cwd: root,
      stdout: Bun.file(out),
      stderr: Bun.file(errors),
    },
  )
  const output = [out, errors].map(file => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('')
  rmSync(directory, { recursive: true, force: true })
  return { exitCode: run.exitCode, output }
}

/** Bun's own sums are the last of their kind: what tests print may look like them. */
function count({ exitCode, output }: TestRun, sum: Tally): void {
  const number = (word: string) => {
    const lines = [...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}$`, 'gm'))]
    return Number(lines.at(-1)?.[1] ?? 0)
  }
  sum.passed += number('pass')
  sum.skipped += number('skip')
  sum.reasons.push(...(output.match(/^SKIP(?:PED)?\b.*$/gm) ?? []))
  if (exitCode === 0) return
  sum.failed += Math.max(1, number('fail'))
  console.log(lastLines(output))
}

function lastLines(output: string): string {
  return output
    .split('\n')
    .filter(line => !/^\s*\(pass\)/.test(line))
    .slice(-200)
    .join('\n')
}

function report(sum: Tally): void {
  for (const reason of new Set(sum.reasons)) console.log(reason)
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
  process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1)
}
