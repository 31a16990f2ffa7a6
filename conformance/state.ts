import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The checkout that this file belongs to. */
export const checkout = join(import.meta.dir, '..')

const cacheHome = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')

/** Programs and images: outside of the checkout, so that a fresh clone finds what another one has built. */
export const cacheDir = join(process.env.HUTCH_CACHE ?? join(cacheHome, 'hutch'), 'conformance')

/** Where one run keeps what it is doing; several runs side by side name a folder each. */
export const stateDir = process.env.HUTCH_CONFORMANCE_DIR ?? join(checkout, '.cache', 'conformance')

/** Files of a run below its folder. */
export const paths = {
  /** The commit under test, checked out, so that edits under way are not tested. */
  tree: join(stateDir, 'tree'),
  /** Machines: namespaces, storage, data. Gone after each run. */
  lan: join(stateDir, 'lan'),
  logs: join(stateDir, 'logs'),
  failures: join(stateDir, 'failures'),
  options: join(stateDir, 'options.json'),
  progress: join(stateDir, 'progress.json'),
  /** What the last run was begun for. */
  plan: join(stateDir, 'plan.json'),
  runner: join(stateDir, 'runner.pid'),
  said: join(stateDir, 'runner.log'),
  /** One line per test that ended, of every run: nothing is lost when a run is stopped. */
  records: join(stateDir, 'records.jsonl'),
  programs: join(cacheDir, 'bin'),
  store: join(cacheDir, 'store'),
}

/** The process of the run that goes on in this folder, or undefined. */
export function runnerPid(): number | undefined {
  if (!existsSync(paths.runner)) return
  const pid = Number(readFileSync(paths.runner, 'utf8'))
  const commandLine = `/proc/${pid}/cmdline`
  return existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes('conformance/runner.ts')
    ? pid
    : undefined
}

export function makeStateDir(): void {
  for (const dir of [paths.logs, paths.failures]) mkdirSync(dir, { recursive: true })
}
