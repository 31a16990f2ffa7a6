/** structured-merge-diff's own cases of operations, as its tests print them with `record_operations.go` laid in. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FieldNode } from '../../src/machinery/apply/index.ts'
import { goModules } from '../oracle/upstream-file.ts'

const moduleFolder = 'sigs.k8s.io/structured-merge-diff/v6@v6.3.0'
const needed = {
  'github.com/google/go-cmp': 'v0.7.0',
  'github.com/json-iterator/go': 'v1.1.12',
  'github.com/modern-go/reflect2': 'v1.0.3-0.20250322232337-35a7c28c31ee',
  'go.yaml.in/yaml/v2': 'v2.4.3',
  'sigs.k8s.io/randfill': 'v1.0.0',
}

/** The files of the Go module cache that recording needs. */
export const operationsNeed = [
  `${moduleFolder}/internal/fixture/state.go`,
  ...Object.entries(needed).map(([module, version]) => `${module}@${version}/go.mod`),
]

export interface RecordedType {
  /** YAML of the schema, and of the reference into it. */
  readonly schema: string
  readonly reference: string
}

/** Types by API version. */
export type RecordedTypes = Readonly<Record<string, RecordedType>>

export interface Recorded {
  readonly test: string
  readonly name: string
  readonly converter: string
  readonly filtered: boolean
  readonly ignored: Readonly<Record<string, FieldNode>>
  readonly types: RecordedTypes
  readonly operations: readonly RecordedOperation[]
}

/** One write, and what the library made of it: managers are named `NAME Apply` and `NAME Update VERSION`. */
export interface RecordedOperation {
  readonly verb: string
  readonly manager: string
  readonly version: string
  readonly object: Readonly<Record<string, unknown>> | null
  readonly types?: RecordedTypes
  readonly refused: string
  readonly conflicts: readonly string[]
  readonly live: unknown
  readonly managers: Readonly<Record<string, { readonly version: string; readonly set: FieldNode }>>
}

/** Runs the library's tests in a copy of it and reads what they print. Throws what they say when they fail. */
export function recordOperations(): Recorded[] {
  const copy = mkdtempSync(join(tmpdir(), 'hutch-operations-'))
  try {
    // The cache lets nobody write.
    const copied = ['cp', '-r', '--no-preserve=mode', `${join(goModules, moduleFolder)}/.`, copy]
    if (!Bun.spawnSync(copied).success) throw new Error(`failed: ${copied.join(' ')}`)
    layIn(copy)
    // The versions that Hutch's own Go programs bring, so that nothing is fetched.
    copyFileSync(join(import.meta.dir, '../witness/go.sum'), join(copy, 'go.sum'))
    const required = Object.entries(needed).map(entry => `-require=${entry.join('@')}`)
    goIn(copy, 'mod', 'edit', ...required)
    return read(goIn(copy, 'test', '-mod=mod', '-count=1', '-v', '-run=Test', './merge'))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function goIn(cwd: string, ...args: readonly string[]): string {
  const ran = Bun.spawnSync(['go', ...args], { cwd, env: { ...process.env, GOPROXY: 'off' } })
  if (!ran.success) throw new Error(`${ran.stderr}${ran.stdout.toString().slice(-2_000)}`)
  return ran.stdout.toString()
}

function layIn(copy: string): void {
  const state = join(copy, 'internal/fixture/state.go')
  const source = readFileSync(state, 'utf8')
  rmSync(state, { force: true })
  writeFileSync(state, source.replace(') TestWithConverter(', ') held('))
  const recording = readFileSync(join(import.meta.dir, 'record_operations.go'), 'utf8')
  const laid = recording.replace('//go:build ignore', '')
  writeFileSync(join(copy, 'internal/fixture/record.go'), laid)
}

/** Each case once, however often a test repeats it. */
function read(output: string): Recorded[] {
  const found = new Map<string, Recorded>()
  let name = ''
  for (const line of output.split('\n')) {
    if (line.startsWith('=== RUN')) name = line.slice('=== RUN'.length).trim()
    if (!line.startsWith('RECORDED ')) continue
    const text = line.slice('RECORDED '.length)
    if (!found.has(name + text)) found.set(name + text, { ...JSON.parse(text), name })
  }
  return [...found.values()]
}
