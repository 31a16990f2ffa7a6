#!/usr/bin/env bun
/** The house rules as one command: `bun run tidy`. Prints one line per violation; exits 1 when there is any. */
import { join } from 'node:path'
import { floorViolations, importCycles } from './tidy/floors.ts'
import { unreached } from './tidy/reach.ts'
import { fileViolations } from './tidy/rules.ts'
import { importsOf, readSources } from './tidy/source.ts'

const root = join(import.meta.dir, '..')

/** A check by another program: its output is shown when it fails. */
const programs: readonly { name: string; argv: readonly string[] }[] = [
  { name: 'types', argv: ['tsc', '--noEmit'] },
  {
    name: 'lint and format',
    argv: ['biome', 'ci', '--error-on-warnings', '--colors=off', '--max-diagnostics=60'],
  },
  { name: 'unused exports, files and dependencies', argv: ['knip', '--no-progress'] },
  { name: 'duplicate code', argv: ['jscpd', '--config', '.jscpd.json', '.'] },
]

const sources = await readSources(root)
const edges = sources.flatMap(importsOf)
const paths = sources.map(({ path }) => path)
const violations = [
  ...floorViolations(edges),
  ...importCycles(edges),
  ...unreached(paths, edges),
  ...sources.flatMap(fileViolations),
]
for (const violation of violations) console.log(violation)

let failed = violations.length > 0
for (const { name, argv } of programs) {
  const [program, ...rest] = argv
  const run = Bun.spawnSync(['bun', '--bun', join(root, 'node_modules/.bin', program!), ...rest], {
    cwd: root,
    stderr: 'pipe',
  })
  if (run.exitCode === 0) continue
  failed = true
  console.log(`\n${name}:\n${run.stdout.toString()}${run.stderr.toString()}`)
}
console.log(failed ? '\ntidy: not yet' : `tidy: ${sources.length} files in order`)
process.exit(failed ? 1 : 0)
