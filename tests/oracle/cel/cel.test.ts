import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { exceptionOf, isMixedLiteral, otherFiles } from './exceptions.ts'
import { type CelFile, failureOf } from './run-case.ts'

const dump = join(import.meta.dir, 'dump')
const version = 'v0.24.0'
const buildMs = 10 * 60_000

const missing = Bun.which('go') ? undefined : 'no Go to read the cases with'
if (missing) console.warn(`SKIP the public CEL conformance cases: ${missing}`)

async function run(...words: string[]): Promise<string> {
  const child = Bun.spawn(words, { cwd: dump, stdout: 'pipe', stderr: 'inherit' })
  const said = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`${words.join(' ')} failed`)
  return said
}

/** The cases lie in the Go module that the reader is built from. */
async function readCases(): Promise<readonly CelFile[]> {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-cel-'))
  try {
    await run('go', 'build', '-o', join(directory, 'dump'), '.')
    const modules = process.env.GOMODCACHE ?? join(process.env.GOPATH ?? join(homedir(), 'go'), 'pkg/mod')
    const folder = join(modules, `cel.dev/expr@${version}`, 'tests/simple/testdata')
    if (!existsSync(folder)) throw new Error(`no cases in ${folder}`)
    const files = readdirSync(folder).filter(name => name.endsWith('.textproto'))
    const said = await run(join(directory, 'dump'), ...files.map(name => join(folder, name)))
    return said
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as CelFile)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test.skipIf(missing !== undefined)(
  'the public conformance cases of what Kubernetes has of CEL pass',
  async () => {
    const files = await readCases()
    const counts = { passed: 0, left: 0 }
    const failures: string[] = []
    for (const { name: file, section = [] } of files) {
      if (Object.hasOwn(otherFiles, file)) continue
      for (const one of section.flatMap(({ test: cases = [] }) => cases)) {
        const why = exceptionOf(one)
        if (why) counts.left++
        else {
          const failure = failureOf(one)
          if (failure === undefined) counts.passed++
          else if (isMixedLiteral(failure)) counts.left++
          else failures.push(`${file}/${one.name}: ${one.expr}: ${failure}`)
        }
      }
    }
    console.log(`cel: ${counts.passed} cases passed, ${failures.length} failed, ${counts.left} left out`)
    expect(failures).toEqual([])
    expect(counts.passed).toBeGreaterThan(900)
  },
  buildMs,
)
