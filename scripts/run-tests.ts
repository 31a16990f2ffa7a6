#!/usr/bin/env bun
/**
 * Runs tidy and every test file, a few files per process so that one crash cannot hide the others, and
 * prints `N passed, N failed, N skipped` as its last line. Skips are listed with their reasons.
 */
import { join } from 'node:path'

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
  const listed = Bun.spawnSync(
    ['git', 'ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'],
    { cwd: root },
  )
  const files = listed.stdout
    .toString()
    .split('\n')
    .filter(file => file !== '' && wanted(file, below))
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
  console.log(
    `== ${files.length === 1 ? files[0] : `${files[0]!.split('/').slice(0, 2).join('/')} (${files.length} files)`}`,
  )
  const run = Bun.spawnSync(['bun', 'test', ...files.map(file => `./${file}`)], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const output = run.stdout.toString() + run.stderr.toString()
  const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(output)?.[1] ?? 0)
  sum.passed += count('pass')
  sum.skipped += count('skip')
  sum.reasons.push(...(output.match(/^SKIP(?:PED)?\b.*$/gm) ?? []))
  const failed = count('fail')
  sum.failed += failed
  if (run.exitCode === 0) return
  if (failed === 0) sum.failed++
  console.log(
    output
      .split('\n')
      .filter(line => !/^\s*\(pass\)/.test(line))
      .slice(-200)
      .join('\n'),
  )
}

function report(sum: Tally): void {
  for (const reason of new Set(sum.reasons)) console.log(reason)
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
  process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1)
}
