/** Test cases that upstream publishes with its modules, read where they lie: none of them is copied here. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { goModules } from '../oracle/upstream-file.ts'

export const jsonPatchModule = 'gopkg.in/evanphx/json-patch.v4@v4.13.0'
export const strategicPatchTest = 'k8s.io/apimachinery@v0.35.4/pkg/util/strategicpatch/patch_test.go'
export const mergeTest = 'sigs.k8s.io/structured-merge-diff/v6@v6.3.0/typed/merge_test.go'

/** Why these files of the Go module cache cannot be read, told once; undefined when they can. */
export function unread(...files: readonly string[]): string | undefined {
  const absent = files.find(file => !existsSync(join(goModules, file)))
  if (absent === undefined && Bun.which('go')) return undefined
  const reason = absent === undefined ? 'no go' : `no ${join(goModules, absent)}`
  console.warn(`SKIP upstream's published cases: ${reason}`)
  return reason
}

/** The variables and constants of those names, as `literals.go` prints them. Throws what it says when it fails. */
export function literals(file: string, ...names: readonly string[]): Record<string, unknown> {
  const program = join(import.meta.dir, 'literals.go')
  const ran = Bun.spawnSync(['go', 'run', program, ...names], { stdin: readFileSync(join(goModules, file)) })
  if (!ran.success) throw new Error(ran.stderr.toString())
  return JSON.parse(ran.stdout.toString()) as Record<string, unknown>
}
