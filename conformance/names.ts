import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../tests/cluster/lan.ts'
import { paths } from './state.ts'

/** The names of all conformance tests, as the suite lists them itself. */
export async function conformanceNames(): Promise<readonly string[]> {
  const program = join(paths.programs, 'e2e.test')
  const kept = `${program}.names.json`
  if (!existsSync(kept) || Bun.file(kept).lastModified < Bun.file(program).lastModified) {
    const listed = Bun.YAML.parse(await must([program, '--list-conformance-tests'])) as { codename: string }[]
    writeFileSync(kept, JSON.stringify(listed.map(({ codename }) => codename)))
  }
  return JSON.parse(readFileSync(kept, 'utf8')) as string[]
}

/** `node` of `[sig-node] Pods should …`. */
export function sigOf(name: string): string {
  return /^\[sig-([a-z-]+)\]/.exec(name)?.[1] ?? 'none'
}

export interface Selection {
  readonly focus?: string
  readonly skip?: string
  readonly sigs?: readonly string[]
}

/** The names that match; `focus` and `skip` are regular expressions as Ginkgo's are. */
export function select(names: readonly string[], { focus, skip, sigs = [] }: Selection): string[] {
  const wanted = new RegExp(focus ?? '')
  const unwanted = skip === undefined ? undefined : new RegExp(skip)
  return names.filter(
    name => wanted.test(name) && !unwanted?.test(name) && (sigs.length === 0 || sigs.includes(sigOf(name))),
  )
}

/** One regular expression that matches these names and no other. */
export function exactly(names: readonly string[]): string {
  return `(?:${names.map(name => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})$`
}
